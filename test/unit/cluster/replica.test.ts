import { describe, expect, it } from 'vitest';
import { Membership } from '../../../src/cluster/membership.ts';
import type { Change, MessageOf } from '../../../src/cluster/messages.ts';
import { ownerOf, remoteViewOf } from '../../../src/cluster/node-parts.ts';
import { recordOf } from '../../../src/cluster/record.ts';
import { Replica } from '../../../src/cluster/replica.ts';
import { comes, conference, memberAt, play } from '../conference/conferences.ts';

const running: Change = {
  type: 'conference',
  record: {
    name: '3000',
    profileName: 'default',
    status: 'running',
    startedAtMs: 0,
    playback: null,
    recording: null,
    musicOn: false,
    doubledAdmins: 0,
  },
};

const someone = recordOf(memberAt(play(conference(), comes('a')).conference, 'a'));

/** Member `id`, who has joined at that second. */
const member = (id: number, changes: object = {}): Change => ({
  type: 'member',
  conference: '3000',
  member: { ...someone, id, channel: `c${id}`, joinedAtMs: id * 1000, flags: [], ...changes },
});

const snapshot = (changes: Change[], given: Partial<MessageOf<'snapshot'>> = {}): MessageOf<'snapshot'> => ({
  type: 'snapshot',
  incarnation: 1,
  sequence: 10,
  part: 0,
  parts: 1,
  changes,
  ...given,
});

const delta = (sequence: number, ...changes: Change[]): MessageOf<'delta'> => ({
  type: 'delta',
  incarnation: 1,
  sequence,
  changes,
});

function replicaOf(...changes: Change[]): Replica {
  const replica = new Replica();
  replica.apply(snapshot([running, ...changes]));
  return replica;
}

function idsOf(replica: Replica): number[] {
  return [...(replica.conferences.get('3000')?.members.values() ?? [])].map(({ id }) => id);
}

describe('the replica of another node', () => {
  it('is of no use before its snapshot, and then follows the deltas', () => {
    const replica = new Replica();
    expect(replica.apply(delta(11, member(2))).outcome).toBe('gap');
    expect(replica.apply(snapshot([running, member(1)])).outcome).toBe('applied');
    expect(replica.apply(delta(11, member(2))).outcome).toBe('applied');
    expect(replica.apply(delta(11, member(3))).outcome).toBe('ignored');
    expect(replica.members).toBe(2);
    expect(replica.apply(delta(13, member(4))).outcome).toBe('gap');
    expect([replica.members, replica.isComplete]).toEqual([2, false]);
  });

  it('has one member where a call was replaced by another one', () => {
    const replica = replicaOf(member(1), member(2));
    replica.apply(delta(11, member(1, { channel: 'other' })));
    expect([...(replica.conferences.get('3000')?.members.keys() ?? [])]).toEqual(['other', 'c2']);
  });

  it('takes a snapshot in parts, and shows nothing of it before the last one', () => {
    const replica = replicaOf(member(1), member(2));
    const parts = [
      snapshot([running, member(3)], { sequence: 20, parts: 3 }),
      snapshot([], { sequence: 20, part: 1, parts: 3 }),
      snapshot([member(4)], { sequence: 20, part: 2, parts: 3 }),
    ] as const;
    expect(replica.apply(parts[0]).outcome).toBe('ignored');
    expect(replica.apply(parts[2]).outcome).toBe('ignored');
    expect(replica.apply(parts[1]).outcome).toBe('ignored');
    expect(idsOf(replica)).toEqual([1, 2]);
    expect(replica.apply(parts[2])).toMatchObject({ outcome: 'applied', touched: new Set(['3000']) });
    expect(idsOf(replica)).toEqual([3, 4]);
  });

  it('believes a controller that has been restarted, and not the one before it', () => {
    const replica = replicaOf(member(1));
    expect(replica.apply(snapshot([], { incarnation: 2, sequence: 0 })).outcome).toBe('applied');
    expect(replica.members).toBe(0);
    expect(replica.apply(snapshot([running, member(1)], { sequence: 99 })).outcome).toBe('ignored');
    expect(replica.apply(delta(100, member(1))).outcome).toBe('ignored');
  });

  it('believes a controller whose clock was set back before it was restarted, once it is up anew or was flushed', () => {
    for (const happens of ['up', 'flush'] as const) {
      const nodes = new Membership({ lifetimeMs: 100 });
      const { replica } = nodes.up('a', 0);
      replica.apply(snapshot([running, member(1)], { incarnation: 9 }));
      nodes[happens]('a', 0);
      // What it had when it fell silent counts until it says something else.
      expect(replica.members).toBe(happens === 'up' ? 1 : 0);
      expect(replica.isComplete).toBe(false);
      expect(replica.apply(delta(11, member(2))).outcome).toBe('gap');
      expect(replica.apply(snapshot([running, member(2), member(3)], { sequence: 0 })).outcome).toBe('applied');
      expect(replica.apply(delta(1, member(4))).outcome).toBe('applied');
      expect(replica.members).toBe(3);
    }
  });

  it('sums up who has been admitted', () => {
    const replica = replicaOf(
      member(1, { flags: ['speaker', 'admin'] }),
      member(2, { handRaisedAtMs: 9 }),
      member(3, { handRaisedAtMs: 8 }),
      member(4, { flags: ['speaker'], place: { at: 'door' } }),
    );
    expect(replica.sumsOf('3000')).toMatchObject({
      admitted: 3,
      speakers: 1,
      admins: 1,
      oldestHand: { id: 3 },
      lastJoined: { id: 3 },
    });
    replica.apply(delta(11, { type: 'left', conference: '3000', memberId: 3 }));
    expect(replica.sumsOf('3000')).toMatchObject({ admitted: 2, oldestHand: { id: 2 }, lastJoined: { id: 2 } });
  });
});

describe('nodes that are gone', () => {
  it('are gone after their lifetime, one by one', () => {
    const nodes = new Membership({ lifetimeMs: 100 });
    for (const id of ['a', 'b']) nodes.up(id, 0);
    nodes.get('a')?.replica.apply(snapshot([running, member(1)]));
    // What counts is when they were heard last, not when that was noticed.
    nodes.heard('a', 10);
    nodes.heard('b', 50);
    nodes.down('a', 30);
    nodes.down('b', 55);
    expect(nodes.nextExpiryMs).toBe(110);
    expect(nodes.expire(109).gone).toEqual([]);
    expect(nodes.expire(110)).toEqual({ gone: ['a'], touched: new Set(['3000']) });
    expect(nodes.nextExpiryMs).toBe(150);
    nodes.up('b', 120);
    expect(nodes.nextExpiryMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('are forgotten where they are too many, the longest gone first', () => {
    const nodes = new Membership({ lifetimeMs: 1 });
    for (let i = 0; i < 300; i++) {
      nodes.up(`n${i}`, i);
      nodes.down(`n${i}`, i);
      nodes.expire(i + 1);
    }
    expect(nodes.all.size).toBe(256);
    expect(nodes.get('n43')).toBeUndefined();
    expect(nodes.get('n44')?.state).toBe('gone');
  });
});

describe('the owner of a command', () => {
  const part = (node: string, replica: Replica, reachable = true) => {
    const [found, sums] = [replica.conferences.get('3000'), replica.sumsOf('3000')];
    if (!found || !sums) throw new Error('no conference 3000');
    return { node, reachable, part: found, sums };
  };
  const few = part('few', replicaOf(member(1)));
  const many = part('many', replicaOf(member(1), member(2)));
  const away = part('away', replicaOf(member(1), member(2), member(3)), false);
  const lock = { type: 'lock', locked: true } as const;
  const here = play(conference(), comes('a')).conference;

  it('is the node that the member has called', () => {
    expect(ownerOf({ type: 'kick', memberId: 1, node: 'few' }, 'here', here, [few])).toBe('few');
    expect(ownerOf({ type: 'kick', memberId: 1, node: 'here' }, 'here', here, [few])).toBeNull();
    expect(ownerOf({ type: 'kick', memberId: 1 }, 'here', undefined, [few])).toBeNull();
  });

  it('is for the whole conference this node if anybody is here, else where most are who can be reached', () => {
    expect(ownerOf(lock, 'here', here, [few, many])).toBeNull();
    const empty = play(here, [{ type: 'left', channelId: 'a', destroyed: true }]).conference;
    expect(ownerOf(lock, 'here', empty, [few, away, many])).toBe('many');
    expect(ownerOf(lock, 'here', undefined, [few])).toBe('few');
    expect(ownerOf(lock, 'here', empty, [part('none', replicaOf())])).toBeNull();
    expect(ownerOf(lock, 'here', undefined, [])).toBeNull();
  });

  it('is not one that cannot be reached, though its members count', () => {
    const view = remoteViewOf('here', [away, few]);
    expect(view).toMatchObject({ admitted: 4, nodes: ['away', 'few'], lastJoined: { node: 'few', memberId: 1 } });
  });
});
