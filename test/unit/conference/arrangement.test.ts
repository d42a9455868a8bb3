import { describe, expect, it } from 'vitest';
import { arrangementOf, hearsSomething } from '../../../src/conference/arrangement.ts';
import type { FlagChanges } from '../../../src/conference/flags.ts';
import type { Input } from '../../../src/conference/inputs.ts';
import {
  ALOUD,
  comes,
  commands,
  conference,
  effectsOf,
  joins,
  memberAt,
  play,
  SILENT,
  typesOf,
} from './conferences.ts';

const AUDIO = {
  vadLevel: 400,
  vadHoldMs: 700,
  agcLevel: 900,
  denoise: true,
  jitterBuffer: true,
  talkVolume: 2,
  listenVolume: -1,
};

function arrangementFor(flags: FlagChanges, audio: object = AUDIO) {
  const { conference: state } = play(conference({ audio }), [...comes('a', flags), ...comes('b')]);
  return arrangementOf(state, memberAt(state, 'a'));
}

describe("a member's channel", () => {
  it('gets what costs CPU only where he can be heard', () => {
    expect(arrangementFor({ speaker: true })).toMatchObject({
      talkDetect: { level: 400, holdMs: 700 },
      agcLevel: 900,
      denoise: true,
      jitterBuffer: true,
      talkVolume: 2,
      listenVolume: -1,
    });
    expect(arrangementFor({})).toMatchObject({
      talkDetect: null,
      agcLevel: null,
      denoise: false,
      jitterBuffer: false,
      talkVolume: 0,
      listenVolume: -1,
    });
  });

  it('gets no talk detection and no gain control where his flags or a level of 0 say so', () => {
    expect(arrangementFor({ speaker: true, vad: false, agc: false })).toMatchObject({
      talkDetect: null,
      agcLevel: null,
    });
    expect(arrangementFor({ speaker: true }, { vadLevel: 0, agcLevel: 0 })).toMatchObject({
      talkDetect: null,
      agcLevel: null,
    });
  });

  it('is metered while he can be heard on the floor, if the profile wants it and there is a relay', () => {
    const metered = (flags: FlagChanges, { energy = true, relay = true, more = [] as Input[] } = {}) => {
      const inputs: Input[] = [{ type: 'relay', present: relay }, ...comes('a', flags), ...comes('b'), ...more];
      const { conference: state } = play(conference({ audio: { ...AUDIO, energy } }), inputs);
      return arrangementOf(state, memberAt(state, 'a'))?.metered;
    };
    expect(metered({ speaker: true })).toBe(true);
    expect(metered({})).toBe(false);
    expect(metered({ speaker: true, mute: true })).toBe(false);
    expect(metered({ speaker: true, vad: false })).toBe(false);
    expect(metered({ speaker: true }, { energy: false })).toBe(false);
    expect(metered({ speaker: true }, { relay: false })).toBe(false);
    const talks = commands({ type: 'talk-privately', memberId: 1, withMemberId: 2 });
    expect(metered({ speaker: true }, { more: [talks] })).toBe(false);
  });

  it('is metered from when a relay comes until it is gone, without anything else being touched', () => {
    const start = play(conference({ audio: { energy: true } }), [...comes('a', { speaker: true }), ...comes('b')]);
    const came = play(start.conference, [{ type: 'relay', present: true }]);
    expect(effectsOf(came.effects, 'arrange')).toMatchObject([{ channelId: 'a', changed: ['metered'] }]);
    const went = play(came.conference, [{ type: 'relay', present: false }]);
    expect(effectsOf(went.effects, 'arrange')).toMatchObject([{ channelId: 'a', to: { metered: false } }]);
  });

  it('keeps his keys from the others, unless the profile of his keys passes them on', () => {
    const start = conference();
    const controls = { ...start.settings.controls, passThrough: true };
    const { conference: state } = play({ ...start, settings: { ...start.settings, controls } }, [
      ...comes('a'),
      ...comes('b', { admin: true }),
    ]);
    expect(arrangementOf(state, memberAt(state, 'a'))?.absorbKeys).toBe(false);
    expect(arrangementOf(state, memberAt(state, 'b'))?.absorbKeys).toBe(true);
  });
});

describe('a prompt', () => {
  /** Whether it is mixed into what the member `a` hears, rather than heard in its place. */
  function isOver(inputs: readonly Input[], music = 'none') {
    const { conference: state } = play(conference({ sound: { prompts: SILENT, music } }), inputs);
    return hearsSomething(state, memberAt(state, 'a'));
  }

  it('is heard over the floor, and over the other one of a private talk', () => {
    const talks = commands({ type: 'talk-privately', memberId: 1, withMemberId: 2 });
    expect(isOver([...comes('a'), ...comes('b')])).toBe(true);
    expect(isOver([...comes('a', { deaf: true }), ...comes('b'), talks])).toBe(true);
  });

  it('is heard over music: on hold, and waiting, where there is any', () => {
    const holds = commands({ type: 'hold', memberId: 1, held: true });
    expect(isOver([...comes('a'), holds], 'jazz')).toBe(true);
    expect(isOver([...comes('a'), holds])).toBe(false);
  });

  it('takes the place of silence for who is deaf, at the door, or being greeted', () => {
    expect(isOver([...comes('a', { deaf: true }), ...comes('b')])).toBe(false);
    const { conference: state } = play(conference({ ...ALOUD, access: { userPin: '1' } }), [
      joins('a'),
      joins('b', { auth: true }),
    ]);
    expect(['a', 'b'].map((channelId) => hearsSomething(state, memberAt(state, channelId)))).toEqual([false, false]);
  });
});

describe('changed settings', () => {
  const start = play(conference(), [...comes('a', { speaker: true }), ...comes('b')]).conference;
  const change = (profile: object) => play(start, [{ type: 'settings', settings: conference(profile).settings }]);

  it('are in force at once, for those whom they concern', () => {
    const { conference: state, effects } = change({ audio: { talkVolume: 2 } });
    expect(effectsOf(effects, 'arrange')).toMatchObject([{ channelId: 'a', changed: ['talkVolume'] }]);
    expect(state.settings.profile.audio.talkVolume).toBe(2);
    expect(effectsOf(change({ audio: { listenVolume: 1 } }).effects, 'arrange')).toHaveLength(2);
  });

  it('touch no channel that they do not concern', () => {
    expect(typesOf(change({ limits: { members: 5 } }).effects)).toEqual([]);
  });

  it('that bring a time limit bring its deadline', () => {
    expect(change({ limits: { callMinutes: 5 } }).effects).toContainEqual({ type: 'wake', atMs: 241_000 });
  });

  it('let those in who waited for an admin, when nobody need any more', () => {
    const waiting = play(conference({ access: { waitForAdmin: true } }), [joins('a')]).conference;
    const { conference: state } = play(waiting, [{ type: 'settings', settings: conference().settings }]);
    expect(memberAt(state, 'a').place.at).toBe('arriving');
  });
});
