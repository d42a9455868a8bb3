import { describe, expect, it } from 'vitest';
import type { PlaybackOperation } from '../../../../src/conference/model/commands.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  ALOUD,
  CALLER,
  comes,
  commands,
  conference,
  effectsOf,
  heard,
  heardBy,
  joins,
  play,
  told,
} from '../conferences.ts';

const plays = (...media: string[]) => commands({ type: 'play', media, volume: -1 });
const control = (operation: PlaybackOperation) => commands({ type: 'control-playback', operation });
const start = play(conference(), [...comes('a'), ...comes('b')]).conference;
const playing = play(start, [plays('welcome', 'tone:440/100')]);
const id = playing.conference.playback?.id ?? '';

describe('a playback', () => {
  it('is heard by everybody, and told', () => {
    expect(effectsOf(playing.effects, 'play')).toMatchObject([{ playback: { id, volume: -1, paused: false } }]);
    expect(heard(playing.effects)).toEqual(['welcome', 'tone']);
    expect(told(playing.effects)).toEqual([{ type: 'playback', state: 'started', media: ['welcome', 'tone:440/100'] }]);
  });

  it('takes the place of the one before, whose late end is no news', () => {
    const second = play(playing.conference, [plays('other')]);
    expect(effectsOf(second.effects, 'control-playback')).toEqual([
      { type: 'control-playback', id, operation: { type: 'stop' } },
    ]);
    expect(second.conference.playback?.id).not.toBe(id);
    expect(play(second.conference, [{ type: 'playback-ended', id }]).effects).toEqual([]);
  });

  it('ends by itself, or is stopped', () => {
    const over = play(playing.conference, [{ type: 'playback-ended', id }]);
    expect(over.conference.playback).toBeNull();
    expect(told(over.effects)).toMatchObject([{ state: 'ended' }]);
    const stopped = play(playing.conference, [control({ type: 'stop' })]);
    expect(stopped.conference.playback).toBeNull();
    expect(effectsOf(stopped.effects, 'control-playback')).toHaveLength(1);
  });

  it('is paused, goes on, and changes its volume', () => {
    const paused = play(playing.conference, [control({ type: 'pause' })]);
    expect(paused.conference.playback?.paused).toBe(true);
    expect(play(paused.conference, [control({ type: 'resume' })]).conference.playback?.paused).toBe(false);
    const louder = play(playing.conference, [control({ type: 'volume', volume: 3 })]);
    expect(louder.conference.playback?.volume).toBe(3);
    expect(effectsOf(louder.effects, 'control-playback')).toMatchObject([{ operation: { type: 'volume', volume: 3 } }]);
  });

  it.each(['forward', 'back', 'restart'] as const)('goes %s', (type) => {
    const { effects } = play(playing.conference, [control({ type })]);
    expect(effects).toEqual([{ type: 'control-playback', id, operation: { type } }]);
  });

  it('that is moved to a position begins there anew, as loud as before', () => {
    const moved = play(playing.conference, [control({ type: 'seek', positionMs: 90_000 })]);
    const { playback } = moved.conference;
    expect(moved.effects).toContainEqual({ type: 'control-playback', id, operation: { type: 'stop' } });
    expect(effectsOf(moved.effects, 'play')).toMatchObject([{ playback: { volume: -1 }, fromMs: 90_000 }]);
    expect(told(moved.effects)).toEqual([]);
    expect(playback?.id).not.toBe(id);
    expect(play(moved.conference, [{ type: 'playback-ended', id }]).conference.playback).toEqual(playback);
  });

  it.each<PlaybackOperation>([{ type: 'seek', positionMs: 0 }, { type: 'back' }])(
    'that is paused stays where it is',
    (operation) => {
      const { conference: paused } = play(playing.conference, [control({ type: 'pause' })]);
      const outcome = reduce(paused, control(operation), 1000);
      expect(outcome).toMatchObject({ refusal: { code: 'not-possible' }, effects: [] });
    },
  );

  it('that is not there cannot be controlled', () => {
    expect(reduce(start, control({ type: 'stop' }), 0).refusal).toMatchObject({ code: 'not-possible' });
  });

  it('has an id that none of another conference has, begun at the same moment', () => {
    const other = play({ ...conference(), name: '4000' }, [...comes('a'), ...comes('b'), plays('x')]).conference;
    expect(other.playback?.id).not.toBe(id);
  });
});

describe('what is played to one member', () => {
  it("is in the member's language", () => {
    const german = play(conference(ALOUD), [joins('a', {}, { ...CALLER, language: 'de' })]);
    expect(effectsOf(german.effects, 'play-to')[0]?.sounds.language).toBe('de');
  });

  it('is the number of members who have been admitted', () => {
    const aloud = { ...start, settings: conference(ALOUD).settings };
    const { effects } = play(aloud, [commands({ type: 'prompt-count', memberId: 1 })]);
    expect(effectsOf(effects, 'play-to')[0]?.sounds.media[1]).toEqual({ type: 'number', value: 2 });
  });

  it('is the number of members to everybody, on the nodes where they are', () => {
    const aloud = { ...start, settings: conference(ALOUD).settings };
    const { effects } = play(aloud, [commands({ type: 'announce-count' })]);
    expect(effectsOf(effects, 'announce')[0]?.sounds.media[1]).toEqual({ type: 'number', value: 2 });
    expect(effectsOf(effects, 'play-to')).toEqual([]);
  });

  it('is what the keys do', () => {
    const aloud = {
      ...start,
      settings: conference(ALOUD, { '#': 'hangup', '12': ['deaf', 'mute'], '9': 'none' }).settings,
    };
    const [text = ''] = heardBy('a', play(aloud, [commands({ type: 'prompt-keys', memberId: 1 })]).effects);
    expect(text).toMatch(/^1 2: Stop hearing .*; Stop being heard.*\. pound: Leave .*\.$/);
  });
});

it('music for all is switched on and off', () => {
  const musical = { ...start, settings: conference({ sound: { music: 'jazz' } }).settings };
  const on = play(musical, [commands({ type: 'music', on: true })]);
  expect(on.effects).toContainEqual({ type: 'floor-music', musicClass: 'jazz' });
  expect(play(on.conference, [commands({ type: 'music', on: true })]).effects).toEqual([]);
  const off = play(on.conference, [commands({ type: 'music', on: false })]);
  expect(off.effects).toContainEqual({ type: 'floor-music', musicClass: null });
});

it('music for all is that of the profile when that is changed, and ends where there is none any more', () => {
  const settings = (music: string) =>
    ({ type: 'settings', settings: conference({ sound: { music } }).settings }) as const;
  const on = play(start, [settings('jazz'), commands({ type: 'music', on: true })]).conference;
  expect(play(on, [settings('jazz')]).effects.map(({ type }) => type)).not.toContain('floor-music');
  const other = play(on, [settings('swing')]);
  expect(other.effects).toContainEqual({ type: 'floor-music', musicClass: 'swing' });
  expect(play(on, [settings('none')]).effects).toContainEqual({ type: 'floor-music', musicClass: null });
});
