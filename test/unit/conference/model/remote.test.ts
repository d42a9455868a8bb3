import { describe, expect, it } from 'vitest';
import { isAlone } from '../../../../src/conference/model/channel-setup.ts';
import { type Conference, countMembers } from '../../../../src/conference/model/conference.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import type { ClusterTelling, RemoteView } from '../../../../src/conference/model/remote.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  ALOUD,
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
  NOBODY_ELSEWHERE,
  play,
  SILENT,
  told,
  typesOf,
  wake,
} from '../conferences.ts';

const elsewhere = (view: Partial<RemoteView> = {}): Input => ({
  type: 'remote',
  remote: { ...NOBODY_ELSEWHERE, ...view },
});

/** A conference of a cluster. */
const clustered = (profile: object = {}, remote: Partial<RemoteView> = {}): Conference => ({
  ...conference(profile),
  remote: { ...NOBODY_ELSEWHERE, ...remote },
});

const tellings = (effects: Parameters<typeof effectsOf>[0]): ClusterTelling[] =>
  effectsOf(effects, 'cluster').map(({ tell }) => tell);

describe('members on other nodes', () => {
  it('keep a member from being alone, as long as they are there', () => {
    const music = { sound: { music: 'default', prompts: SILENT } };
    const alone = play(clustered(music), comes('a')).conference;
    expect(isAlone(alone)).toBe(true);
    const together = reduce(alone, elsewhere({ admitted: 1 }), 0);
    expect(effectsOf(together.effects, 'configure-channel')).toMatchObject([
      { changed: ['music'], to: { music: null } },
    ]);
    const left = reduce(together.conference, elsewhere(), 0);
    expect(effectsOf(left.effects, 'configure-channel')).toMatchObject([
      { changed: ['music'], to: { music: 'default' } },
    ]);
  });

  it('neither keep a member from being alone nor count if they are ghosts', () => {
    const visited = play(clustered({}, { admitted: 2, ghosts: 2 }), comes('a')).conference;
    expect(isAlone(visited)).toBe(true);
    expect(countMembers(visited)).toBe(1);
  });

  it('count for the limits of members and speakers', () => {
    const limits = { limits: { members: 3, speakers: 2 } };
    const full = play(clustered(limits, { admitted: 3 }), [joins('a')]);
    expect(memberAt(full.conference, 'a').place).toMatchObject({ at: 'leaving', result: 'FULL' });
    const listener = play(clustered(limits, { admitted: 2, speakers: 2 }), [joins('a', { speaker: true })]);
    expect(memberAt(listener.conference, 'a').flags.speaker).toBe(false);
  });

  it('are in the number that a member is told', () => {
    const start = play(clustered(ALOUD, { admitted: 4 }), comes('a')).conference;
    const { effects } = play(start, [commands({ type: 'prompt-count', memberId: 1 })]);
    expect(effectsOf(effects, 'play-to')[0]?.sounds.media).toContainEqual({ type: 'number', value: 5 });
  });

  it('let those in who wait for a moderator, when one has come', () => {
    const waiting = play(clustered({ access: { waitForAdmin: true } }), [joins('a')]).conference;
    expect(memberAt(waiting, 'a').place.at).toBe('waiting');
    const { conference: after } = reduce(waiting, elsewhere({ admitted: 1, admins: 1 }), 0);
    expect(memberAt(after, 'a').place.at).toBe('arriving');
  });

  it('silence the announcements of a conference that has become large', () => {
    const profile = { sound: { announce: 'tone', announceUpTo: 3, music: 'none', prompts: { welcome: 'none' } } };
    const joined = (admitted: number) => {
      const first = play(clustered(profile, { admitted }), comes('a')).conference;
      return effectsOf(play(first, [joins('b'), enters('b')]).effects, 'announce');
    };
    expect(joined(1)).toHaveLength(1);
    expect(joined(2)).toHaveLength(0);
  });
});

describe('the end for want of a moderator', () => {
  const profile = { access: { endWithoutAdmin: true, adminGraceSeconds: 2 }, ...ALOUD };
  const present = play(clustered(profile, { admitted: 1, admins: 1 }), comes('a')).conference;

  it('begins to near when the last one has left any node', () => {
    const left = reduce(present, elsewhere({ admitted: 1 }), 5000).conference;
    const { conference: after, effects } = wake(left, 7000);
    expect(after.status).toBe('ending');
    expect(tellings(effects)).toEqual([{ type: 'broadcast', broadcast: { type: 'terminate', result: 'ENDED' } }]);
    expect(effectsOf(effects, 'announce')).toHaveLength(1);
  });

  it('is announced by the first node alone: the next would be half a second later', () => {
    const left = reduce(present, elsewhere({ admitted: 1, nodes: ['bonn', 'paris'] }), 5000).conference;
    expect(wake(left, 7000).conference.status).toBe('running');
    const ordered = reduce(left, { type: 'broadcast', broadcast: { type: 'terminate', result: 'ENDED' } }, 7010);
    expect(ordered.conference.status).toBe('ending');
    expect(effectsOf(ordered.effects, 'announce')).toHaveLength(0);
    expect(tellings(ordered.effects)).toEqual([]);
    const released = reduce(ordered.conference, { type: 'broadcast', broadcast: { type: 'release' } }, 9000);
    expect(memberAt(released.conference, 'a').place).toMatchObject({ at: 'leaving', result: 'ENDED' });
  });
});

describe('a setting of the whole conference', () => {
  const two = play(clustered(ALOUD, { admitted: 1 }), [
    ...comes('a', { speaker: true }),
    ...comes('b', { admin: true }),
  ]).conference;

  it('is shared, and announced only where it was set', () => {
    const locked = play(two, [commands({ type: 'lock', locked: true })]);
    expect(tellings(locked.effects)).toEqual([{ type: 'share', change: { setting: 'locked', value: true } }]);
    expect(heard(locked.effects)).not.toEqual([]);
    const there = play(two, [{ type: 'shared', change: { setting: 'locked', value: true }, anew: true }]);
    expect(there.conference.locked).toBe(true);
    expect(told(there.effects)).toEqual([{ type: 'locked', locked: true }]);
    expect(typesOf(there.effects)).toEqual(['save-conference']);
  });

  it('mutes members, and those who were unmuted meanwhile only if it is said anew', () => {
    const muting: Input = { type: 'shared', change: { setting: 'mutedAll', value: 'non-admins' }, anew: false };
    const muted = play(two, [muting]);
    expect(memberAt(muted.conference, 'a').flags.mute).toBe(true);
    expect(memberAt(muted.conference, 'b').flags.mute).toBe(false);
    expect(effectsOf(muted.effects, 'announce')).toEqual([]);
    const allowed = play(muted.conference, [
      commands({ type: 'set-flags', memberId: 1, changes: { mute: false } }),
      muting,
    ]);
    expect(memberAt(allowed.conference, 'a').flags.mute).toBe(false);
    const again = play(allowed.conference, [{ ...muting, anew: true }]);
    expect(memberAt(again.conference, 'a').flags.mute).toBe(true);
  });

  it('outlives the last member here as long as there are some elsewhere', () => {
    const locked = play(two, [commands({ type: 'lock', locked: true }), leaves('a'), leaves('b')]);
    expect(locked.conference).toMatchObject({ status: 'empty', locked: true });
    const over = reduce(locked.conference, elsewhere(), 2000);
    expect(over.conference).toMatchObject({ status: 'empty', locked: false });
    expect(tellings(over.effects)).toEqual([{ type: 'share', change: { setting: 'locked', value: false } }]);
  });

  it('is taken from Asterisk after a restart, unless somebody has said something else since', () => {
    const { saved } =
      effectsOf(play(two, [commands({ type: 'lock', locked: true })]).effects, 'save-conference')[0] ?? {};
    const seen = { floorOpen: true, channels: [], disowned: [], recordings: [], playbacks: [], saved: saved ?? null };
    const { effects } = play(clustered(), [{ type: 'resync', ...seen }]);
    expect(tellings(effects)[0]).toEqual({
      type: 'share',
      change: { setting: 'locked', value: true },
      restored: true,
    });
  });

  it('is not lifted by a node that is restarted and has not heard of it before', () => {
    const { saved } = effectsOf(play(clustered(), comes('a')).effects, 'save-conference')[0] ?? {};
    const seen = { floorOpen: true, channels: [], disowned: [], recordings: [], playbacks: [] };
    const told = { ...clustered({}, { admitted: 1 }), locked: true, mutedAll: 'all' as const };
    const { conference: after } = play(told, [{ type: 'resync', ...seen, saved: saved ?? null }]);
    expect(after).toMatchObject({ locked: true, mutedAll: 'all' });
  });
});

describe('a command', () => {
  const here = play(clustered({}, { admitted: 2 }), comes('a', { speaker: true })).conference;

  it('about all members is an order to every node', () => {
    for (const command of [
      { type: 'kick-all', audience: 'all' },
      { type: 'set-flags-of-all', audience: 'all', changes: { deaf: true } },
      { type: 'lower-hands' },
    ] as const) {
      expect(tellings(play(here, [commands(command)]).effects)).toEqual([{ type: 'broadcast', broadcast: command }]);
      expect(tellings(play(here, [{ type: 'broadcast', broadcast: command }]).effects)).toEqual([]);
    }
    const kicked = play(here, [{ type: 'broadcast', broadcast: { type: 'kick-all', audience: 'all' } }]).conference;
    expect(memberAt(kicked, 'a').place).toMatchObject({ at: 'leaving', result: 'KICKED' });
  });

  it('about a member of another node goes there, once', () => {
    const kick = { type: 'kick', memberId: 7, node: 'paris' } as const;
    const { effects } = play(here, [commands(kick)]);
    expect(tellings(effects)).toEqual([{ type: 'forward', node: 'paris', command: kick }]);
    const passedOn = reduce(here, { type: 'command', command: kick, noForward: true }, 0);
    expect(passedOn.refusal?.code).toBe('not-possible');
    expect(tellings(passedOn.effects)).toEqual([]);
  });

  it('about a member is the same with the name of this node and without', () => {
    const kicked = play(here, [commands({ type: 'kick', memberId: 1, node: 'lyon' })]).conference;
    expect(memberAt(kicked, 'a').place).toMatchObject({ at: 'leaving' });
  });

  it('about a member of another node is refused where there is no cluster', () => {
    const alone = play(conference(), comes('a')).conference;
    const command = { type: 'kick', memberId: 1, node: 'paris' } as const;
    expect(reduce(alone, commands(command), 0).refusal).toEqual({ code: 'no-such-member', memberId: 1 });
  });

  it('of a key is forwarded as well', () => {
    const keys = { '7': 'api:member 3@paris flags +speaker' };
    const start = { ...conference({}, keys), remote: NOBODY_ELSEWHERE };
    const { effects } = play(start, [...comes('a'), { type: 'dtmf', channelId: 'a', digit: '7' }]);
    expect(tellings(effects)).toMatchObject([
      {
        type: 'forward',
        node: 'paris',
        command: { memberId: 3 },
        actingFor: 1,
        by: `member 1@${NOBODY_ELSEWHERE.node}`,
      },
    ]);
  });
});

describe('the queue of hands', () => {
  const raised = play(clustered(ALOUD), comes('a')).conference;
  const up = reduce(raised, commands({ type: 'raise-hand', memberId: 1, raised: true }), 5000).conference;

  it('is one for all nodes: the oldest hand gets the floor, wherever it is', () => {
    const older = reduce(up, elsewhere({ admitted: 1, oldestHand: { node: 'paris', memberId: 4, atMs: 4000 } }), 0);
    const { effects, conference: after } = play(older.conference, [commands({ type: 'next-hand' })]);
    expect(tellings(effects)).toEqual([{ type: 'forward', node: 'paris', command: { type: 'call-on', memberId: 4 } }]);
    expect(memberAt(after, 'a').handRaisedAtMs).toBe(5000);
    const younger = reduce(up, elsewhere({ admitted: 1, oldestHand: { node: 'paris', memberId: 4, atMs: 6000 } }), 0);
    const called = play(younger.conference, [commands({ type: 'next-hand' })]).conference;
    expect(memberAt(called, 'a')).toMatchObject({ handRaisedAtMs: null, flags: { speaker: true } });
  });

  it('gives the floor to a member from whom it is taken back, wherever that is', () => {
    const back = commands({ type: 'take-floor-back' });
    const called = play(up, [commands({ type: 'call-on', memberId: 1 })], 5000).conference;
    const takenBack = (atMs: number) =>
      play(reduce(called, elsewhere({ lastGivenFloor: { node: 'paris', memberId: 4, atMs } }), 0).conference, [back]);
    expect(tellings(takenBack(6000).effects)).toEqual([
      { type: 'forward', node: 'paris', command: { type: 'set-flags', memberId: 4, changes: { speaker: false } } },
    ]);
    expect(memberAt(takenBack(6000).conference, 'a').flags.speaker).toBe(true);
    expect(memberAt(takenBack(4000).conference, 'a').flags.speaker).toBe(false);
  });

  it('is answered on the node of the one who is called on', () => {
    const { conference: after, effects } = play(up, [commands({ type: 'call-on', memberId: 1 })]);
    expect(memberAt(after, 'a')).toMatchObject({ handRaisedAtMs: null, flags: { speaker: true, mute: false } });
    expect(heardBy('a', effects)).not.toEqual([]);
  });
});

describe('the last one who joined', () => {
  it('may be on another node', () => {
    const start = play(clustered(), comes('a'), 1000).conference;
    const later = reduce(start, elsewhere({ lastJoined: { node: 'paris', memberId: 4, atMs: 2000 } }), 0).conference;
    expect(tellings(play(later, [commands({ type: 'kick-last' })]).effects)).toEqual([
      { type: 'forward', node: 'paris', command: { type: 'kick', memberId: 4 } },
    ]);
    expect(reduce(later, commands({ type: 'kick-last' }), 0).meant).toEqual({ node: 'paris', memberId: 4 });
    const earlier = reduce(start, elsewhere({ lastJoined: { node: 'paris', memberId: 4, atMs: 500 } }), 0).conference;
    const kicked = play(earlier, [commands({ type: 'kick-last' })]).conference;
    expect(memberAt(kicked, 'a').place.at).toBe('leaving');
  });
});

describe('what the whole conference hears', () => {
  const busy = (view: Partial<RemoteView>) => play(clustered({}, { admitted: 1, ...view }), comes('a')).conference;
  const stop = { type: 'control-playback', operation: { type: 'stop' } } as const;

  it('comes from one node: what another one plays ends when something is played here', () => {
    const { effects } = play(busy({ playing: 'paris' }), [commands({ type: 'play', media: ['beep'], volume: 0 })]);
    expect(tellings(effects)).toEqual([{ type: 'forward', node: 'paris', command: stop, mayFail: true }]);
    expect(effectsOf(effects, 'play')).toHaveLength(1);
  });

  it('is controlled where it is played', () => {
    expect(tellings(play(busy({ playing: 'paris' }), [commands(stop)]).effects)).toEqual([
      { type: 'forward', node: 'paris', command: stop },
    ]);
  });

  it('is recorded once, and the recording is stopped where it is made', () => {
    const start = busy({ recording: 'paris' });
    expect(reduce(start, commands({ type: 'record', name: null }), 0).refusal?.code).toBe('not-possible');
    expect(tellings(play(start, [commands({ type: 'stop-recording' })]).effects)).toEqual([
      { type: 'forward', node: 'paris', command: { type: 'stop-recording' } },
    ]);
    const automatic = play(clustered({ recording: { automatic: true } }, { recording: 'paris' }), [
      ...comes('a', { speaker: true }),
    ]);
    expect(automatic.conference.recording).toBeNull();
  });

  it('has music from one node', () => {
    const on = play(busy({ music: 'paris' }), [commands({ type: 'music', on: true })]);
    expect(on.conference.musicOn).toBe(false);
    const off = play(busy({ music: 'paris' }), [commands({ type: 'music', on: false })]);
    expect(tellings(off.effects)).toMatchObject([
      { type: 'forward', node: 'paris', command: { type: 'music', on: false } },
    ]);
  });
});

describe('a node by itself', () => {
  it('tells nobody anything', () => {
    const start = play(conference(), comes('a')).conference;
    for (const command of [
      { type: 'lock', locked: true },
      { type: 'mute-all', audience: 'all' },
      { type: 'kick-all', audience: 'all' },
      { type: 'terminate' },
    ] as const) {
      expect(effectsOf(play(start, [commands(command)]).effects, 'cluster')).toEqual([]);
    }
  });
});
