import { describe, expect, it } from 'vitest';
import { isAlone } from '../../../../src/conference/model/channel-setup.ts';
import { countMembers } from '../../../../src/conference/model/conference.ts';
import type { FlagChanges } from '../../../../src/conference/model/flags.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  ALOUD,
  CALLER,
  comes,
  commands,
  conference,
  effectsOf,
  enters,
  heard,
  heardBy,
  joins,
  leaves,
  memberAt,
  play,
  SILENT,
  told,
  typesOf,
} from '../conferences.ts';

const heardEnter = (channelId: string): Input => ({ type: 'heard', channelId, nextStep: 'enter' });

describe('joining', () => {
  it('opens the floor for the first member, and only for that one', () => {
    const first = play(conference(), [joins('a')]);
    expect(typesOf(first.effects)).toEqual(['open-floor', 'configure-channel', 'save-member', 'save-conference']);
    expect(told(first.effects)).toEqual([{ type: 'started', profileName: 'default' }]);
    const second = reduce(first.conference, joins('b'), 1000);
    expect(typesOf(second.effects)).toEqual(['configure-channel', 'save-member']);
  });

  it('answers a caller, who becomes a listener and is not heard', () => {
    const { effects } = play(conference(), [joins('a')]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      {
        channelId: 'a',
        to: { answered: true, bridge: 'floor', voice: false, hearing: true },
        changed: ['answered', 'bridge'],
      },
    ]);
  });

  it('gives a voice to a speaker, but not to a muted one', () => {
    const voiceOf = (flags: FlagChanges) =>
      effectsOf(play(conference(), [joins('a', flags)]).effects, 'configure-channel')[0]?.to.voice;
    expect(voiceOf({ speaker: true })).toBe(true);
    expect(voiceOf({ speaker: true, mute: true })).toBe(false);
  });

  it("lets the dialplan's flags win over the profile's", () => {
    const { conference: state } = play(conference({ flags: ['+speaker', '+mute'] }), [joins('a', { mute: false })]);
    expect(memberAt(state, 'a').flags).toMatchObject({ speaker: true, mute: false });
  });

  it('tells of a member who is in, and of a leaving only after that', () => {
    const joined = play(conference(), [joins('a'), enters('a')]);
    expect(told(joined.effects)).toEqual([expect.objectContaining({ type: 'joined', memberId: 1, caller: CALLER })]);
    expect(told(reduce(joined.conference, leaves('a'), 0).effects)).toEqual([{ type: 'left', memberId: 1 }]);
    expect(told(play(conference(), [joins('a'), leaves('a')]).effects)).toEqual([]);
  });

  it('ignores a second join of the same channel, and news of calls that are no members', () => {
    const { conference: state, effects } = play(conference(), [joins('a'), joins('a', { speaker: true })]);
    expect(effects).toEqual([]);
    expect(state.members.size).toBe(1);
    expect(play(state, [enters('x'), leaves('x'), { type: 'dtmf', channelId: 'x', digit: '#' }]).effects).toEqual([]);
  });

  it('never gives a number twice', () => {
    const { conference: state } = play(conference(), [joins('a'), joins('b'), leaves('b'), joins('c')]);
    expect([...state.members.values()].map((member) => member.id)).toEqual([1, 3]);
  });

  it('lets go of a caller that Asterisk will not take into the bridge', () => {
    const failed = play(conference(), [joins('a'), { type: 'entry-failed', channelId: 'a' }]);
    const { effects } = play(failed.conference, [{ type: 'heard', channelId: 'a', nextStep: 'release' }]);
    expect(effects).toContainEqual({ type: 'release', channelId: 'a', result: 'FAILED' });
  });
});

describe('the greeting', () => {
  it('is heard before the floor, by a caller who hears nothing else', () => {
    const greeted = play(conference(ALOUD), [joins('a')]);
    expect(effectsOf(greeted.effects, 'configure-channel')).toMatchObject([{ to: { answered: true, bridge: 'none' } }]);
    expect(effectsOf(greeted.effects, 'play-to')).toMatchObject([{ channelId: 'a', over: false, nextStep: 'enter' }]);
    expect(heard(greeted.effects)).toEqual(['conf-placeintoconf', 'conf-onlyperson']);
    const { effects } = play(greeted.conference, [heardEnter('a')]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ to: { bridge: 'floor' } }]);
  });

  it('says that a member is alone only to one who is', () => {
    const { effects } = play(conference(ALOUD), [joins('a'), joins('b')]);
    expect(heardBy('b', effects)).toEqual(['conf-placeintoconf']);
    const ghost = play(conference(ALOUD), [...comes('a'), joins('b', { ghost: true })]);
    expect(heardBy('b', ghost.effects)).toEqual(['conf-placeintoconf']);
  });

  it('leaves no one behind when it is heard of too late', () => {
    const { conference: state } = play(conference(ALOUD), [...comes('a'), heardEnter('a'), enters('a')]);
    const late = play(state, [heardEnter('a')]);
    expect(late.effects).toEqual([]);
    expect(memberAt(late.conference, 'a').place).toEqual({ at: 'floor' });
  });
});

describe('music for who is alone', () => {
  it('plays until a second member joins, and again when the second one leaves', () => {
    const start = conference({ sound: { prompts: SILENT, music: 'jazz' } });
    const alone = play(start, comes('a'));
    expect(effectsOf(play(start, [joins('a')]).effects, 'configure-channel')[0]?.to.music).toBe('jazz');
    const both = play(alone.conference, [joins('b')]);
    expect(effectsOf(both.effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: { music: null }, changed: ['music'] },
      { channelId: 'b', to: { music: null } },
    ]);
    const again = play(both.conference, [enters('b'), leaves('b')]);
    expect(effectsOf(again.effects, 'configure-channel')).toMatchObject([{ channelId: 'a', to: { music: 'jazz' } }]);
  });

  it('is not for a ghost who is there with them', () => {
    const start = conference({ sound: { prompts: SILENT, music: 'jazz' } });
    const { effects } = play(start, [...comes('a'), joins('b', { ghost: true })]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ channelId: 'b', to: { music: null } }]);
  });
});

describe('arrivals', () => {
  const arrival = (announce: string, announceUpTo = 10) =>
    play(
      conference({ sound: { music: 'none', announce, announceUpTo, prompts: { welcome: 'none', alone: 'none' } } }),
      [...comes('a'), ...comes('b')],
    );

  it('are announced with a tone if the profile says so, as long as members are few', () => {
    expect(effectsOf(arrival('none').effects, 'announce')).toEqual([]);
    expect(heard(effectsOf(arrival('tone').effects, 'announce'))).toEqual(['tone']);
    expect(effectsOf(arrival('tone', 1).effects, 'announce')).toEqual([]);
  });

  it('tell how many members there are, the new one included, and after a departure how many are left', () => {
    const prompts = {
      welcome: 'number:{count}',
      alone: 'none',
      joined: ['beep', 'number:{count}'],
      left: 'digits:{count}',
    };
    const counting = conference({ sound: { music: 'none', announce: 'tone', prompts } });
    const greeting = play(counting, [joins('a'), heardEnter('a'), enters('a'), joins('b')]);
    expect(effectsOf(greeting.effects, 'play-to')).toMatchObject([
      { channelId: 'b', sounds: { media: [{ type: 'number', value: 2 }] }, nextStep: 'enter' },
    ]);
    const joined = play(greeting.conference, [heardEnter('b'), enters('b')]);
    expect(effectsOf(joined.effects, 'announce')[0]?.sounds.media).toEqual([
      { type: 'sound', name: 'beep' },
      { type: 'number', value: 2 },
    ]);
    const left = play(joined.conference, [leaves('b')]);
    expect(effectsOf(left.effects, 'announce')[0]?.sounds.media).toEqual([{ type: 'digits', digits: '1' }]);
  });

  it('are neither welcomed nor announced, nor asked for a name, if they are quiet', () => {
    for (const announce of ['tone', 'name']) {
      const aloud = conference({ sound: { music: 'none', announce } });
      const quiet = play(aloud, [...comes('a', { quiet: true }), joins('b', { quiet: true })]);
      expect(heard(quiet.effects)).toEqual([]);
      const inside = play(quiet.conference, [enters('b')]);
      expect(effectsOf(inside.effects, 'announce')).toEqual([]);
      expect(effectsOf(play(inside.conference, [leaves('b')]).effects, 'announce')).toEqual([]);
    }
  });

  it('hear that they have to wait for a moderator, also if they are quiet', () => {
    const waiting = conference({ ...ALOUD, access: { waitForAdmin: true } });
    expect(heardBy('a', play(waiting, [joins('a', { quiet: true })]).effects)).toEqual(
      heardBy('a', play(waiting, [joins('a')]).effects),
    );
  });

  it('are announced by the name that the caller has said', () => {
    const asked = play(conference({ sound: { music: 'none', announce: 'name' } }), [joins('a')]);
    expect(asked.effects).toContainEqual(expect.objectContaining({ type: 'play-to', nextStep: 'say-name' }));
    const says = play(asked.conference, [{ type: 'heard', channelId: 'a', nextStep: 'say-name' }]);
    const [{ name } = { name: '' }] = effectsOf(says.effects, 'record-name');
    expect(name).toContain('3000');
    const second = play(says.conference, [
      { type: 'named', channelId: 'a', recorded: true },
      heardEnter('a'),
      enters('a'),
      joins('b'),
      { type: 'heard', channelId: 'b', nextStep: 'say-name' },
      { type: 'named', channelId: 'b', recorded: true },
      heardEnter('b'),
      enters('b'),
    ]);
    expect(effectsOf(second.effects, 'announce')[0]?.sounds.media[0]).toMatchObject({ type: 'recording' });
    const gone = play(second.conference, [joins('c'), leaves('a')]);
    expect(effectsOf(gone.effects, 'announce')[0]?.sounds.media[0]).toEqual({ type: 'recording', name });
  });
});

describe('a ghost', () => {
  const prompts = { welcome: 'none' };
  const toned = conference({ sound: { music: 'default', announce: 'tone', prompts } });
  const ghost = { ghost: true };

  it('comes and goes without a word to the others, who stay alone', () => {
    const first = play(toned, [joins('a'), heardEnter('a'), enters('a')]).conference;
    expect(isAlone(first)).toBe(true);
    const visited = play(first, [joins('b', ghost), enters('b')]);
    expect(effectsOf(visited.effects, 'announce')).toEqual([]);
    expect(isAlone(visited.conference)).toBe(true);
    expect(countMembers(visited.conference)).toBe(1);
    expect(effectsOf(play(visited.conference, [leaves('b')]).effects, 'announce')).toEqual([]);
  });

  it('is asked for no name, and takes nobody the last place', () => {
    const limits = { members: 1 };
    const named = conference({
      limits,
      sound: { music: 'none', announce: 'name', prompts: { ...prompts, alone: 'none' } },
    });
    const visited = play(named, [joins('a', ghost), enters('a')]).conference;
    expect(memberAt(visited, 'a').place.at).toBe('floor');
    const full = play(visited, [joins('b')]).conference;
    expect(memberAt(full, 'b').place.at).toBe('naming');
    expect(memberAt(play(full, [joins('c')]).conference, 'c').place).toMatchObject({ result: 'FULL' });
    expect(memberAt(play(full, [joins('d', ghost)]).conference, 'd').place.at).toBe('arriving');
  });

  it('is not the last who joined', () => {
    const { conference: state } = play(toned, [...comes('a'), ...comes('b'), ...comes('c', ghost)]);
    const kicked = play(state, [commands({ type: 'kick-last' })]).conference;
    expect([...kicked.members.values()].map(({ place }) => place.at === 'leaving')).toEqual([false, true, false]);
  });
});

describe('a locked conference', () => {
  const locked = play(conference({ sound: { music: 'none', prompts: { welcome: 'none' } } }), [
    ...comes('a'),
    commands({ type: 'lock', locked: true }),
  ]);

  it('says so to everybody and to who comes, who is turned away unanswered', () => {
    expect(heard(locked.effects)).toEqual(['conf-lockednow']);
    const { conference: state, effects } = play(locked.conference, [joins('b')]);
    expect(effectsOf(effects, 'configure-channel')).toEqual([]);
    expect(heardBy('b', effects)).toEqual(['confbridge-lock-no-join']);
    expect(told(effects)).toMatchObject([{ type: 'turned-away', result: 'LOCKED' }]);
    const after = play(state, [{ type: 'heard', channelId: 'b', nextStep: 'release' }]);
    expect(after.effects).toEqual([{ type: 'release', channelId: 'b', result: 'LOCKED' }]);
    expect(play(after.conference, [leaves('b')]).effects).toEqual([]);
  });

  it('lets admins in, and everybody when it is unlocked', () => {
    expect(memberAt(play(locked.conference, [joins('b', { admin: true })]).conference, 'b').place.at).toBe('arriving');
    const unlocked = play(locked.conference, [commands({ type: 'lock', locked: false }), joins('b')]);
    expect(memberAt(unlocked.conference, 'b').place.at).toBe('arriving');
  });

  it('is open to who comes after all have left', () => {
    const { conference: state } = play(locked.conference, [leaves('a'), joins('b')]);
    expect(memberAt(state, 'b').place.at).toBe('greeting');
  });
});

describe('limits of a conference', () => {
  it('transition the next caller away when it is full, but admins', () => {
    const full = play(conference({ limits: { members: 1 } }), comes('a')).conference;
    expect(told(play(full, [joins('b')]).effects)).toMatchObject([{ type: 'turned-away', result: 'FULL' }]);
    expect(memberAt(play(full, [joins('b', { admin: true })]).conference, 'b').place.at).toBe('arriving');
    expect(memberAt(play(full, [leaves('a'), joins('b')]).conference, 'b').place.at).toBe('arriving');
  });

  it('let a speaker come as a listener where the floor is full', () => {
    const { conference: state } = play(conference({ limits: { speakers: 1 } }), [
      ...comes('a', { speaker: true }),
      ...comes('b', { speaker: true }),
    ]);
    expect(memberAt(state, 'b').flags.speaker).toBe(false);
  });
});

describe('waiting for an admin', () => {
  const start = conference({ access: { waitForAdmin: true }, sound: { music: 'jazz', prompts: { welcome: 'none' } } });
  const waiting = play(start, [joins('a'), heardEnter('a')]);

  it('is told, and happens with music, apart from the floor', () => {
    expect(heard(play(start, [joins('a')]).effects)).toEqual(['conf-waitforleader']);
    expect(memberAt(waiting.conference, 'a').place).toEqual({ at: 'waiting' });
    expect(effectsOf(waiting.effects, 'configure-channel')).toMatchObject([{ to: { bridge: 'none', music: 'jazz' } }]);
  });

  it('ends when one comes, and those who come later do not wait', () => {
    const { conference: state, effects } = play(waiting.conference, [joins('b', { admin: true })]);
    expect(effectsOf(effects, 'configure-channel')).toContainEqual(
      expect.objectContaining({ channelId: 'a', to: expect.objectContaining({ bridge: 'floor', music: null }) }),
    );
    expect(memberAt(play(state, [joins('c')]).conference, 'c').place.at).toBe('arriving');
  });

  it('ends when somebody becomes one', () => {
    const admin = commands({ type: 'set-flags', memberId: 1, changes: { admin: true } });
    expect(memberAt(play(waiting.conference, [admin]).conference, 'a').place.at).toBe('arriving');
  });
});
