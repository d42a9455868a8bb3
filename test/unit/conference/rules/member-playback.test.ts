import { describe, expect, it } from 'vitest';
import { channelSetupOf } from '../../../../src/conference/model/channel-setup.ts';
import type { PlaybackOperation } from '../../../../src/conference/model/commands.ts';
import type { Conference } from '../../../../src/conference/model/conference.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import { ALOUD, comes, commands, conference, effectsOf, memberAt, play } from '../conferences.ts';

/** Member 1 hears the floor bridge in Asterisk, and member 2 the relay. */
const start = play(conference(), [...comes('a', { speaker: true }), ...comes('2')]).conference;
const plays = (memberId: number, volume?: number) =>
  commands({ type: 'play-to-member', memberId, media: ['long'], ...(volume !== undefined && { volume }) });
const control = (memberId: number, operation: PlaybackOperation) =>
  commands({ type: 'control-playback-to-member', memberId, operation });
const playing = play(start, [plays(1, 2)]);
const id = memberAt(playing.conference, 'a').playback?.id ?? '';
const silence = (current: Conference, channelId: string) =>
  channelSetupOf(current, memberAt(current, channelId))?.silence;

describe('what is played to one member', () => {
  it('is heard by nobody else, as loud as it is to be', () => {
    expect(effectsOf(playing.effects, 'play-to-member')).toMatchObject([
      { channelId: 'a', playback: { id, media: ['long'], volume: 2 } },
    ]);
    expect(playing.conference.playback).toBeNull();
    expect(memberAt(playing.conference, '2').playback).toBeNull();
  });

  it('ends by itself, or is stopped, with prompts', () => {
    const over = play(playing.conference, [{ type: 'playback-to-member-ended', channelId: 'a', id }]).conference;
    expect(memberAt(over, 'a').playback).toBeNull();
    for (const input of [commands({ type: 'stop-playing-to-member', memberId: 1 }), control(1, { type: 'stop' })]) {
      const stopped = play(playing.conference, [input]);
      expect(stopped.effects).toEqual([
        { type: 'control-playback-to-member', id, operation: { type: 'stop' } },
        { type: 'hush', channelId: 'a' },
      ]);
      expect(memberAt(stopped.conference, 'a').playback).toBeNull();
    }
  });

  it('takes the place of what was played before, whose late end is no news', () => {
    const second = play(playing.conference, [plays(1)]);
    expect(effectsOf(second.effects, 'control-playback-to-member')).toMatchObject([
      { id, operation: { type: 'stop' } },
    ]);
    const late = play(second.conference, [{ type: 'playback-to-member-ended', channelId: 'a', id }]).conference;
    expect(memberAt(late, 'a').playback).toMatchObject({ volume: 0, paused: false });
  });

  it('is paused, goes on and is skipped through', () => {
    const paused = play(playing.conference, [control(1, { type: 'pause' })]).conference;
    expect(memberAt(paused, 'a').playback?.paused).toBe(true);
    expect(reduce(paused, control(1, { type: 'forward' }), 0).refusal).toMatchObject({ code: 'not-possible' });
    const resumed = play(paused, [control(1, { type: 'resume' })]).conference;
    expect(memberAt(resumed, 'a').playback?.paused).toBe(false);
    expect(play(resumed, [control(1, { type: 'forward' })]).effects).toEqual([
      { type: 'control-playback-to-member', id, operation: { type: 'forward' } },
    ]);
  });

  it('that is moved to a position begins there anew', () => {
    const { effects, conference: moved } = play(playing.conference, [control(1, { type: 'seek', positionMs: 5000 })]);
    expect(effectsOf(effects, 'control-playback-to-member')).toMatchObject([{ id, operation: { type: 'stop' } }]);
    expect(effectsOf(effects, 'play-to-member')).toMatchObject([
      { fromMs: 5000, playback: { media: ['long'], volume: 2 } },
    ]);
    expect(memberAt(moved, 'a').playback?.id).not.toBe(id);
  });

  it('has silence to be mixed into for a listener at the relay, until it is over; prompts are mixed into that too', () => {
    expect(silence(playing.conference, 'a')).toBe(false);
    const heard = play(start, [plays(2)]);
    expect(silence(heard.conference, '2')).toBe(true);
    expect(effectsOf(heard.effects, 'configure-channel')).toMatchObject([
      { channelId: '2', to: { bridge: 'audience' }, changed: ['silence'] },
    ]);
    const prompted = play({ ...heard.conference, settings: conference(ALOUD).settings }, [
      commands({ type: 'prompt-count', memberId: 2 }),
    ]);
    expect(effectsOf(prompted.effects, 'play-to')).toMatchObject([{ channelId: '2', over: true }]);
    expect(silence(play(heard.conference, [control(2, { type: 'stop' })]).conference, '2')).toBe(false);
  });

  it('cannot be controlled where there is nothing', () => {
    for (const operation of [{ type: 'pause' }, { type: 'stop' }, { type: 'seek', positionMs: 0 }] as const) {
      expect(reduce(playing.conference, control(2, operation), 0).refusal).toMatchObject({ code: 'not-possible' });
    }
  });

  it('is over for a member who leaves, or is transferred', () => {
    const transfer = { type: 'transfer', memberId: 1, conference: '4000', profileName: null } as const;
    for (const command of [{ type: 'kick', memberId: 1 } as const, transfer]) {
      const { effects } = play(playing.conference, [commands(command)]);
      expect(effectsOf(effects, 'control-playback-to-member')).toMatchObject([{ id, operation: { type: 'stop' } }]);
    }
  });
});
