import { describe, expect, it } from 'vitest';
import type { Conference } from '../../../../src/conference/model/conference.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import { ALOUD, comes, commands, conference, effectsOf, enters, heard, play, told } from '../conferences.ts';

const record = (name: string | null = null) => commands({ type: 'record', name });
const stop = commands({ type: 'stop-recording' });
const pause = (paused: boolean) => commands({ type: 'pause-recording', paused });
const ended = (name: string, failed = false) => ({ type: 'recording-ended', name, failed }) as const;
const AT = Date.parse('2026-03-04T05:06:07Z');
const start = play(conference(), comes('a')).conference;
const states = (effects: Parameters<typeof told>[0]) =>
  told(effects).flatMap((event) => (event.type === 'recording' ? [event.state] : []));
const nameOf = ({ recording }: Conference) => recording?.name;

describe('a recording', () => {
  it('has the name and the format of the profile, or the name that is given', () => {
    const profile = { recording: { name: 'talks/{conference}_{date}_{time}', format: 'ulaw' } };
    const { effects } = play(play(conference(profile), comes('a')).conference, [record()], AT);
    expect(effectsOf(effects, 'record')).toMatchObject([
      { recording: { name: 'talks/3000_2026-03-04_050607', format: 'ulaw', paused: false } },
    ]);
    expect(nameOf(play(start, [record('mine')]).conference)).toBe('mine');
  });

  it('is announced at its beginning and at its end, unless the profile says otherwise', () => {
    const aloud = { ...start, settings: conference(ALOUD).settings };
    expect(heard(play(aloud, [record()]).effects)).toEqual(['conf-now-recording']);
    expect(heard(play(aloud, [record(), stop]).effects)).toEqual(['The conference is no longer being recorded.']);
    const discreet = { ...start, settings: conference({ ...ALOUD, recording: { announce: false } }).settings };
    expect(heard([...play(discreet, [record()]).effects, ...play(discreet, [record(), stop]).effects])).toEqual([]);
  });

  it('is one at a time, and can be stopped and paused only while it is made', () => {
    const recording = play(start, [record('r')]).conference;
    expect(reduce(recording, record(), 0).refusal).toMatchObject({ code: 'not-possible' });
    for (const command of [stop, pause(true)]) {
      expect(reduce(start, command, 0).refusal).toMatchObject({ code: 'not-possible' });
    }
  });

  it('is paused and goes on', () => {
    const paused = play(start, [record('r'), pause(true)]);
    expect(effectsOf(paused.effects, 'pause-recording')).toEqual([
      { type: 'pause-recording', name: 'r', paused: true },
    ]);
    expect(states(paused.effects)).toEqual(['paused']);
    expect(play(paused.conference, [pause(true)]).effects).toEqual([]);
    expect(states(play(paused.conference, [pause(false)]).effects)).toEqual(['resumed']);
  });

  it('is stopped once: that Asterisk says so is no news', () => {
    const stopped = play(start, [record('r'), stop]);
    expect(effectsOf(stopped.effects, 'stop-recording')).toEqual([{ type: 'stop-recording', name: 'r' }]);
    expect(states(stopped.effects)).toEqual(['stopped']);
    expect(play(stopped.conference, [ended('r')]).effects).toEqual([]);
  });
});

describe('a recording whose file there is already', () => {
  const taken = (name: string) => ({ ...ended(name, true), isTaken: true }) as const;

  it('gets the next number where the profile has named it', () => {
    const daily = play(conference({ recording: { name: '{conference}-{date}' } }), comes('a')).conference;
    const { conference: state, effects } = play(daily, [record(), taken('3000-2026-03-04')], AT);
    expect(effectsOf(effects, 'record')).toMatchObject([{ recording: { name: '3000-2026-03-04-2' } }]);
    expect(nameOf(play(state, [taken('3000-2026-03-04-2')], AT).conference)).toBe('3000-2026-03-04-3');
  });

  it('is not made where somebody has named it', () => {
    const { conference: state, effects } = play(start, [record('mine'), taken('mine')]);
    expect(state.recording).toBeNull();
    expect(states(effects)).toEqual(['failed']);
  });
});

describe('a recording that stops by itself', () => {
  const recording = play(start, [record('r')], 0).conference;

  it('is started again in another file, as often as it happens', () => {
    const again = play(recording, [ended('r')], 60_000);
    expect(nameOf(again.conference)).toBe('r-2');
    expect(states(again.effects)).toEqual(['restarted']);
    expect(nameOf(play(again.conference, [ended('r-2')], 120_000).conference)).toBe('r-3');
  });

  it('too soon, or because it failed, is given up and told', () => {
    for (const outcome of [play(recording, [ended('r')], 1999), play(recording, [ended('r', true)], 60_000)]) {
      expect(outcome.conference.recording).toBeNull();
      expect(states(outcome.effects)).toEqual(['failed']);
    }
  });

  it('as often as a full disk makes it is given up after some tries', () => {
    let state = recording;
    let nowMs = 0;
    for (let tries = 0; state.recording && tries < 20; tries++) {
      nowMs += 2500;
      state = play(state, [ended(nameOf(state) ?? '')], nowMs).conference;
    }
    expect(state.recording).toBeNull();
    expect(nowMs).toBeLessThan(20_000);
  });

  it('while it is paused stays paused', () => {
    const paused = play(recording, [commands({ type: 'pause-recording', paused: true })], 30_000);
    const { effects } = play(paused.conference, [ended('r')], 60_000);
    expect(effectsOf(effects, 'record')).toMatchObject([{ recording: { name: 'r-2', paused: true } }]);
  });

  it('is another one than that which is made now', () => {
    expect(play(recording, [ended('old')], 60_000).effects).toEqual([]);
  });
});

describe('an automatic recording', () => {
  const automatic = conference({ recording: { automatic: true } });

  it('begins with the first speaker', () => {
    const listening = play(automatic, comes('a'));
    expect(listening.conference.recording).toBeNull();
    const { effects } = play(listening.conference, comes('b', { speaker: true }));
    expect(states(effects)).toEqual(['started']);
    const promoted = play(listening.conference, [
      commands({ type: 'set-flags', memberId: 1, changes: { speaker: true } }),
      enters('a'),
    ]);
    expect(promoted.conference.recording).not.toBeNull();
  });

  it('does not begin again after somebody has stopped it, or it has failed', () => {
    const recording = play(automatic, comes('a', { speaker: true }), 0).conference;
    for (const input of [stop, ended(nameOf(recording) ?? '', true)]) {
      const { conference: state } = play(recording, [input, enters('a'), ...comes('b', { speaker: true })], 5000);
      expect(state.recording).toBeNull();
    }
  });

  it('begins again when all have left and others come', () => {
    const left = play(
      automatic,
      [...comes('a', { speaker: true }), { type: 'left', channelId: 'a', destroyed: true }],
      0,
    );
    expect(play(left.conference, comes('b', { speaker: true }), 5000).conference.recording).not.toBeNull();
  });
});
