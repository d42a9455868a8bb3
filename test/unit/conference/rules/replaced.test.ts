import { describe, expect, it } from 'vitest';
import type { Conference } from '../../../../src/conference/model/conference.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import {
  ALOUD,
  AT_RELAY,
  comes,
  commands,
  conference,
  dials,
  effectsOf,
  heardBy,
  joins,
  memberAt,
  play,
  SILENT,
  told,
  typesOf,
} from '../conferences.ts';

const BOB = { number: '200', name: 'Bob' };
const replaces = (channelId: string, by = 'x', phoneHold = false): Input => ({
  type: 'replaced',
  channelId,
  by: { channelId: by, caller: BOB, path: AT_RELAY, phoneHold },
});
const quiet = conference({ sound: { prompts: SILENT, music: 'none' } });
const channels = ({ members }: Conference) => [...members.keys()];

describe('a call that takes the place of another', () => {
  it('is not heard while its phone holds it', () => {
    const start = play(quiet, comes('a', { speaker: true })).conference;
    const { conference: after, effects } = play(start, [replaces('a', 'x', true)]);
    expect(memberAt(after, 'x')).toMatchObject({ phoneHold: true });
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ channelId: 'x', to: { voice: false } }]);
  });

  it('is the same member with another caller, set up anew', () => {
    const start = play(quiet, [
      ...comes('a', { speaker: true, admin: true }),
      ...comes('b'),
      commands({ type: 'raise-hand', memberId: 1, raised: true }),
      commands({ type: 'adjust', memberId: 1, setting: 'talkVolume', adjustment: { by: 2 } }),
      { type: 'talking', channelId: 'a', talking: true, levelDbov: null },
      { type: 'phone-hold', channelId: 'a', held: true },
    ]).conference;
    const { conference: after, effects } = play(start, [replaces('a')], 5000);
    const { channelId, caller, path, talking, phoneHold, ...same } = memberAt(start, 'a');
    expect(memberAt(after, 'x')).toMatchObject({
      ...same,
      caller: BOB,
      path: AT_RELAY,
      talking: false,
      phoneHold: false,
    });
    expect(channels(after)).toEqual(['x', 'b']);
    expect(told(effects)).toEqual([{ type: 'replaced', memberId: 1, caller: BOB }]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      { channelId: 'x', to: { bridge: 'floor', voice: true, talkVolume: 2 } },
    ]);
    expect(
      effectsOf(effects, 'save-member').map(({ channelId: on, member }) => [on, member.id, member.settled]),
    ).toEqual([
      ['x', 1, false],
      ['x', 1, true],
    ]);
  });

  it('does not talk until that is heard', () => {
    const talks: Input = { type: 'talking', channelId: 'a', talking: true, levelDbov: null };
    const start = play(quiet, [...comes('a', { speaker: true }), talks]).conference;
    expect(told(play(start, [replaces('a')]).effects)).toEqual([
      { type: 'talking', memberId: 1, talking: false, levelDbov: null },
      { type: 'replaced', memberId: 1, caller: BOB },
    ]);
  });

  it('is not asked for a PIN where the other was admitted, and is asked at the door', () => {
    const start = conference({ ...ALOUD, access: { userPin: '12', tries: 2 } });
    const admitted = play(start, [joins('a'), ...dials('a', '12')]).conference;
    expect(heardBy('x', play(admitted, [replaces('a')]).effects)).toEqual([]);
    const wrong = play(start, [joins('a'), ...dials('a', '33'), ...dials('a', '1')]).conference;
    const { conference: asked, effects } = play(wrong, [replaces('a')]);
    expect(heardBy('x', effects)).toEqual(['conf-getpin']);
    expect(memberAt(asked, 'x')).toMatchObject({ place: { at: 'door' }, pinEntry: { digits: '', triesLeft: 1 } });
  });

  it('goes on from the greeting, and joins under its own name', () => {
    const greeted = play(conference(ALOUD), [joins('a')]).conference;
    expect(memberAt(greeted, 'a').place.at).toBe('greeting');
    const { conference: after } = play(greeted, [replaces('a')]);
    expect(memberAt(after, 'x').place.at).toBe('arriving');
    expect(told(play(after, [{ type: 'entered', channelId: 'x' }]).effects)).toMatchObject([
      { type: 'joined', memberId: 1, caller: BOB },
    ]);
  });

  it('is released where the other was told good-bye', () => {
    const start = play(quiet, [...comes('a'), commands({ type: 'kick', memberId: 1 })]).conference;
    const { conference: after, effects } = play(start, [replaces('a')]);
    expect(effectsOf(effects, 'play-to')).toMatchObject([{ channelId: 'x', nextStep: 'release' }]);
    expect(typesOf(play(after, [{ type: 'heard', channelId: 'x', nextStep: 'release' }]).effects)).toEqual(['release']);
  });

  it('has no recorded name, which the other has said', () => {
    const named = conference({ sound: { music: 'none', announce: 'name' } });
    const said = play(named, [
      joins('a'),
      { type: 'heard', channelId: 'a', nextStep: 'say-name' },
      { type: 'named', channelId: 'a', recorded: true },
    ]).conference;
    expect(memberAt(said, 'a').spokenName).not.toBeNull();
    expect(memberAt(play(said, [replaces('a')]).conference, 'x').spokenName).toBeNull();
  });

  it('goes on with a private talk', () => {
    const start = play(quiet, [
      ...comes('a'),
      ...comes('b'),
      commands({ type: 'talk-privately', memberId: 1, withMemberId: 2 }),
    ]).conference;
    const { effects } = play(start, [replaces('a')]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ channelId: 'x', to: { bridge: 'private-1' } }]);
  });
});
