import { describe, expect, it } from 'vitest';
import { channelSetupOf, hearsAsterisk, UNTOUCHED } from '../../../../src/conference/model/channel-setup.ts';
import type { FlagChanges } from '../../../../src/conference/model/flags.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
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
} from '../conferences.ts';

const AUDIO = {
  vadLevel: 400,
  vadHoldMs: 700,
  agcLevel: 900,
  denoise: true,
  jitterBuffer: true,
  talkVolume: 2,
  listenVolume: -1,
};

function channelSetupFor(flags: FlagChanges, audio: object = AUDIO) {
  const { conference: state } = play(conference({ audio }), [...comes('a', flags), ...comes('b')]);
  return channelSetupOf(state, memberAt(state, 'a'));
}

describe("a member's channel", () => {
  it('gets what costs CPU only where the member can be heard', () => {
    expect(channelSetupFor({ speaker: true })).toMatchObject({
      talkDetect: { level: 400, holdMs: 700 },
      agcLevel: 900,
      denoise: true,
      jitterBuffer: true,
      talkVolume: 2,
      listenVolume: -1,
    });
    expect(channelSetupFor({})).toMatchObject({
      talkDetect: null,
      agcLevel: null,
      denoise: false,
      jitterBuffer: false,
      talkVolume: 0,
      listenVolume: -1,
    });
  });

  it('gets no talk detection and no gain control where the flags or a level of 0 say so', () => {
    expect(channelSetupFor({ speaker: true, vad: false, agc: false })).toMatchObject({
      talkDetect: null,
      agcLevel: null,
    });
    expect(channelSetupFor({ speaker: true }, { vadLevel: 0, agcLevel: 0 })).toMatchObject({
      talkDetect: null,
      agcLevel: null,
    });
  });

  it('has a gate while the member can be heard, if the profile wants it, at the level of talking', () => {
    const gate = (flags: FlagChanges, audio: object = {}, more: Input[] = []) => {
      const settings = conference({ audio: { ...AUDIO, gate: true, ...audio } });
      const { conference: state } = play(settings, [...comes('a', flags), ...comes('b'), ...more]);
      return channelSetupOf(state, memberAt(state, 'a'))?.gate;
    };
    expect(gate({ speaker: true, vad: false })).toEqual({ level: 400, holdMs: 700 });
    const longer = commands({ type: 'adjust', memberId: 1, setting: 'vadHoldMs', adjustment: { by: 300 } });
    expect(gate({ speaker: true }, {}, [longer])).toEqual({ level: 400, holdMs: 1000 });
    for (const none of [gate({}), gate({ speaker: true, mute: true }), gate({ speaker: true }, { vadLevel: 0 })]) {
      expect(none).toBeNull();
    }
    expect(gate({ speaker: true }, { gate: false })).toBeNull();
  });

  it('is metered while the member can be heard on the floor, if the profile wants it', () => {
    const metered = (flags: FlagChanges, { energy = true, more = [] as Input[] } = {}) => {
      const inputs: Input[] = [...comes('a', flags), ...comes('b'), ...more];
      const { conference: state } = play(conference({ audio: { ...AUDIO, energy } }), inputs);
      return channelSetupOf(state, memberAt(state, 'a'))?.metered;
    };
    expect(metered({ speaker: true })).toBe(true);
    expect(metered({})).toBe(false);
    expect(metered({ speaker: true, mute: true })).toBe(false);
    expect(metered({ speaker: true, vad: false })).toBe(false);
    expect(metered({ speaker: true }, { energy: false })).toBe(false);
    const talks = commands({ type: 'talk-privately', memberId: 1, withMemberId: 2 });
    expect(metered({ speaker: true }, { more: [talks] })).toBe(false);
  });

  it('keeps the keys from the others, unless the profile of the keys passes them on', () => {
    const start = conference();
    const controls = { ...start.settings.controls, passThrough: true };
    const { conference: state } = play({ ...start, settings: { ...start.settings, controls } }, [
      ...comes('a'),
      ...comes('b', { admin: true }),
    ]);
    expect(channelSetupOf(state, memberAt(state, 'a'))?.absorbKeys).toBe(false);
    expect(channelSetupOf(state, memberAt(state, 'b'))?.absorbKeys).toBe(true);
  });
});

describe('a listener whose call is anchored', () => {
  const flagsOf = (memberId: number, changes: FlagChanges) => commands({ type: 'set-flags', memberId, changes });
  const state = play(conference({ audience: { packetMs: 40 }, audio: { listenVolume: 2, denoise: true } }), [
    ...comes('s', { speaker: true }),
    ...comes('a2'),
    ...comes('b'),
  ]).conference;
  const configuredBy = (input: Input) => effectsOf(play(state, [input]).effects, 'configure-channel');

  it('waits in the audience from the first, where Asterisk does nothing for the call and the relay everything', () => {
    expect(channelSetupOf(state, memberAt(state, 'a2'))).toEqual({
      ...UNTOUCHED,
      answered: true,
      bridge: 'audience',
      relay: { volume: 2, noise: true, deaf: false, packetMs: 40 },
    });
    expect(channelSetupOf(state, memberAt(state, 'b'))).toMatchObject({
      bridge: 'floor',
      relay: null,
      listenVolume: 2,
    });
  });

  it('is deaf, and hears louder, without a change in Asterisk', () => {
    const changes = [
      flagsOf(2, { deaf: true }),
      commands({ type: 'adjust', memberId: 2, setting: 'listenVolume', adjustment: { by: 1 } }),
    ];
    for (const input of changes) expect(configuredBy(input)).toMatchObject([{ channelId: 'a2', changed: ['relay'] }]);
    expect(configuredBy(changes[0] as Input)[0]?.to).toMatchObject({ hearing: true, relay: { deaf: true, volume: 2 } });
    expect(configuredBy(changes[1] as Input)[0]?.to).toMatchObject({ relay: { deaf: false, volume: 3 } });
  });

  it('goes to the floor to speak, and to where the others are not to be heard, and comes back', () => {
    const held = commands({ type: 'hold', memberId: 2, held: true });
    const elsewhere: [Input, object][] = [
      [flagsOf(2, { speaker: true }), { bridge: 'floor', voice: true, relay: null }],
      [held, { bridge: 'none', relay: null }],
      [commands({ type: 'talk-privately', memberId: 2, withMemberId: 3 }), { bridge: 'private-2', relay: null }],
    ];
    for (const [input, to] of elsewhere) expect(configuredBy(input)).toContainEqual(configures('a2', to));
    const silenced = play(state, [flagsOf(2, { speaker: true }), flagsOf(2, { speaker: false })]);
    const resumed = play(state, [held, commands({ type: 'hold', memberId: 2, held: false })]);
    for (const { effects } of [silenced, resumed]) {
      expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ channelId: 'a2', to: { bridge: 'audience' } }]);
    }
  });

  it('is on the floor where the keys of members are passed on', () => {
    const profile = conference({}, undefined, { passThrough: true });
    const { conference: passing } = play(profile, [...comes('s', { speaker: true }), ...comes('a2')]);
    expect(channelSetupOf(passing, memberAt(passing, 'a2'))).toMatchObject({
      bridge: 'floor',
      relay: null,
      voice: false,
    });
  });

  it('hears the music of those who are alone from Asterisk', () => {
    const { conference: alone } = play(conference({ sound: { prompts: SILENT, music: 'jazz' } }), comes('a2'));
    expect(channelSetupOf(alone, memberAt(alone, 'a2'))).toMatchObject({ bridge: 'audience', music: 'jazz' });
    expect(effectsOf(play(alone, comes('b')).effects, 'configure-channel')).toEqual([]);
    expect(effectsOf(play(alone, [joins('b')]).effects, 'configure-channel')).toContainEqual(
      configures('a2', { music: null }),
    );
  });

  function configures(channelId: string, to: object) {
    return expect.objectContaining({ channelId, to: expect.objectContaining(to) });
  }
});

describe('a prompt', () => {
  /** Whether Asterisk mixes it into what it sends to a member. */
  function isOver(inputs: readonly Input[], music = 'none', channelId = 'a') {
    const { conference: state } = play(conference({ sound: { prompts: SILENT, music } }), inputs);
    return hearsAsterisk(state, memberAt(state, channelId));
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

  it('is all that Asterisk sends to an anchored listener, unless there is music: the relay mixes it', () => {
    expect(isOver([...comes('a2'), ...comes('b')], 'none', 'a2')).toBe(false);
    expect(isOver(comes('a2'), 'jazz', 'a2')).toBe(true);
  });

  it('takes the place of silence for who is deaf, at the door, or being greeted', () => {
    expect(isOver([...comes('a', { deaf: true }), ...comes('b')])).toBe(false);
    const { conference: state } = play(conference({ ...ALOUD, access: { userPin: '1' } }), [
      joins('a'),
      joins('b', { auth: true }),
    ]);
    expect(['a', 'b'].map((channelId) => hearsAsterisk(state, memberAt(state, channelId)))).toEqual([false, false]);
  });
});

describe('changed settings', () => {
  const start = play(conference(), [...comes('a', { speaker: true }), ...comes('b')]).conference;
  const change = (profile: object) => play(start, [{ type: 'settings', settings: conference(profile).settings }]);

  it('are in force at once, for those that they concern', () => {
    const { conference: state, effects } = change({ audio: { talkVolume: 2 } });
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ channelId: 'a', changed: ['talkVolume'] }]);
    expect(state.settings.profile.audio.talkVolume).toBe(2);
    expect(effectsOf(change({ audio: { listenVolume: 1 } }).effects, 'configure-channel')).toHaveLength(2);
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
