import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAlone } from '../../../../src/conference/model/channel-setup.ts';
import { countMembers } from '../../../../src/conference/model/conference.ts';
import { TestNetwork, TestNode } from '../cluster-nodes.ts';

const SILENT =
  'sound: { prompts: { welcome: none, alone: none, kicked: none, joined: none, denied: "sound:beep" }, music: none }';

let network: TestNetwork;
let lyon: TestNode;
let oslo: TestNode;
let nodes: TestNode[];

/** Long enough for a delta to be collected, sent and taken. */
const told = () => vi.advanceTimersByTimeAsync(50);

async function startAll(...given: TestNode[]): Promise<void> {
  nodes.push(...given);
  const started = Promise.all(given.map((node) => node.start()));
  await vi.advanceTimersByTimeAsync(2000);
  await started;
}

beforeEach(async () => {
  vi.useFakeTimers();
  network = new TestNetwork();
  nodes = [];
  lyon = new TestNode('lyon', network, SILENT);
  oslo = new TestNode('oslo', network, SILENT);
  await startAll(lyon, oslo);
});

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  vi.useRealTimers();
});

/** The code of the refusal of a command. */
async function refused(done: Promise<unknown>): Promise<string> {
  const code = done.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );
  await vi.advanceTimersByTimeAsync(4000);
  return code;
}

async function carriedOut(done: Promise<unknown>): Promise<unknown> {
  const settled = done.then(() => {});
  await told();
  return settled;
}

it('wrong PINs on one node slow down the same caller on another one', async () => {
  const access = 'access: { userPin: "12", tries: 10 }';
  const guarded = `${SILENT.replace('{ welcome', '{ enter-pin: none, bad-pin: none, welcome')}\n${access}`;
  const [rome, kiel] = [new TestNode('rome', network, guarded), new TestNode('kiel', network, guarded)];
  await startAll(rome, kiel);
  const dial = async (node: TestNode, id: string, pin: string) => {
    for (const digit of pin) {
      const who = { id, name: id, caller: { number: '', name: '' }, language: 'en', context: 'c' };
      node.controller.handle({ type: 'ChannelDtmfReceived', digit, channel: { ...who, dialled: null, stasis: null } });
    }
    await told();
  };
  const [guessing, same, other] = [rome.call('4000'), kiel.call('4000'), kiel.call('4000')];
  for (let i = 0; i < 9; i++) await dial(rome, guessing, '99');
  await dial(kiel, same, '12');
  await dial(kiel, other, '12');
  const placeOf = (id: string) => kiel.conference('4000').members.get(id)?.place.at;
  expect([placeOf(same), placeOf(other)]).toEqual(['door', 'floor']);
  await vi.advanceTimersByTimeAsync(5000);
  expect(placeOf(same)).toBe('floor');
});

describe('the traffic of a node', () => {
  const audio = { packets: 50, frames: 50, late: 0, concealed: 0, delayMs: 20 };
  const all = { sent: 100, sendErrors: 1, refused: { 'no-key': 2, 'key-used-up': 3 }, dropped: { forged: 4 } };

  it('is what its relay tells of the trunk, with what could not be sent, until the relay is started again', () => {
    expect(lyon.cluster.nodes[0]?.traffic).toMatchObject({ trunk: null, events: { received: expect.any(Number) } });
    lyon.cluster.trunkReported({ ...all, nodes: { oslo: audio } });
    expect(lyon.cluster.nodes.map(({ audio }) => audio)).toEqual([null, audio]);
    expect(lyon.cluster.nodes.map(({ traffic }) => traffic?.trunk)).toEqual([all, undefined]);
    lyon.cluster.relayStarted();
    expect(lyon.cluster.nodes[0]?.traffic?.trunk).toBe(null);
  });

  it('is also what its relay tells of calls, with a cluster or without', () => {
    const lost = { packetsLostByPhones: 7, worstJitterAtPhonesMs: 12 };
    const calls = { calls: 3, listeners: 2, dropped: { 'other-source': 5 }, ...lost };
    const alone = new TestNode('rome', null, SILENT);
    for (const { cluster } of [lyon, alone]) {
      expect(cluster.nodes[0]?.traffic?.calls).toBe(null);
      cluster.callsReported(calls);
      expect(cluster.nodes[0]?.traffic?.calls).toEqual(calls);
    }
    expect(alone.cluster.nodes[0]?.traffic).toEqual({ trunk: null, calls, events: null });
    expect(lyon.cluster.nodes[1]?.traffic).toBe(null);
    lyon.cluster.relayStarted();
    expect(lyon.cluster.nodes[0]?.traffic?.calls).toBe(null);
  });
});

describe('a conference on two nodes', () => {
  it('knows the members of the other within 100 ms, and when they have gone', async () => {
    lyon.call();
    const there = oslo.call();
    await vi.advanceTimersByTimeAsync(100);
    expect([lyon, oslo].map((node) => countMembers(node.conference()))).toEqual([2, 2]);
    expect(isAlone(lyon.conference())).toBe(false);
    oslo.hangUp(there);
    await vi.advanceTimersByTimeAsync(100);
    expect(isAlone(lyon.conference())).toBe(true);
  });

  it('tells little of one who begins to talk, however many there are', async () => {
    const [first = ''] = Array.from({ length: 300 }, () => lyon.call('3000', '+speaker'));
    await told();
    network.sent.length = 0;
    const channel = {
      id: first,
      name: '',
      caller: { number: '', name: '' },
      language: '',
      context: '',
      dialled: null,
      stasis: null,
    };
    lyon.controller.handle({ type: 'ChannelTalkingStarted', channel });
    await told();
    const deltas = network.sent.filter(({ message }) => message.type === 'delta');
    expect(deltas).toHaveLength(1);
    expect(deltas[0]?.bytes).toBeLessThan(200);
    const [part] = oslo.cluster.remoteConferences('3000');
    expect(part?.conference.members.get(first)?.talking).toBe(true);
  });

  it('tells a burst of changes at once', async () => {
    lyon.call();
    await told();
    network.sent.length = 0;
    for (let i = 0; i < 20; i++) lyon.call();
    await told();
    const deltas = network.sent.filter(({ message }) => message.type === 'delta');
    // Those who are on the floor a moment later are told of with the next.
    expect(deltas.length).toBeLessThanOrEqual(2);
  });

  it('has one lock: who opens it later finds it locked', async () => {
    lyon.call();
    await told();
    await carriedOut(lyon.controller.command('3000', { type: 'lock', locked: true }));
    oslo.call();
    expect(oslo.conference()).toMatchObject({ locked: true });
    await carriedOut(oslo.controller.command('3000', { type: 'lock', locked: false }));
    expect(lyon.conference().locked).toBe(false);
  });

  it('has the lock that was set last, whatever a restarted node has found in Asterisk', async () => {
    lyon.call();
    oslo.call();
    await told();
    await carriedOut(oslo.controller.command('3000', { type: 'lock', locked: true }));
    await carriedOut(oslo.controller.command('3000', { type: 'lock', locked: false }));
    const found = { setting: 'locked', value: true } as const;
    lyon.controller.command('3000', { type: 'lock', locked: false }).catch(() => {});
    await lyon.cluster.publish('3000', { type: 'share', change: found, restored: true });
    await told();
    expect([lyon, oslo].map((node) => node.conference().locked)).toEqual([false, false]);
  });

  it('mutes members who join anywhere while all are muted', async () => {
    lyon.call();
    oslo.call();
    await told();
    await carriedOut(oslo.controller.command('3000', { type: 'mute-all', audience: 'all' }));
    const late = lyon.call('3000', '+speaker');
    for (const member of lyon.conference().members.values()) expect(member.flags.mute).toBe(true);
    expect(lyon.conference().members.has(late)).toBe(true);
  });

  it('ends everywhere', async () => {
    const here = lyon.call();
    const there = oslo.call();
    await told();
    lyon.controller.command('3000', { type: 'terminate' }).catch(() => {});
    await told();
    expect(oslo.conference().status).toBe('ending');
    await vi.advanceTimersByTimeAsync(11_000);
    for (const [node, id] of [
      [lyon, here],
      [oslo, there],
    ] as const) {
      expect(node.askedFor('setVariable')).toContainEqual([id, 'ROSTRUM_RESULT', 'ENDED']);
    }
  });

  it('goes on elsewhere where one node has lost its last member, and keeps its lock', async () => {
    const here = lyon.call();
    oslo.call();
    await told();
    await carriedOut(lyon.controller.command('3000', { type: 'lock', locked: true }));
    lyon.hangUp(here);
    await told();
    expect(lyon.conference()).toMatchObject({ status: 'empty', locked: true });
    expect(oslo.conference()).toMatchObject({ status: 'running', locked: true });
  });
});

describe('a command', () => {
  beforeEach(async () => {
    lyon.call();
    oslo.call();
    await told();
  });

  it('for a member of another node is executed there, and answered when everybody can see it', async () => {
    const changes = { speaker: true };
    const done = lyon.controller.command('3000', { type: 'set-flags', memberId: 1, node: 'oslo', changes });
    const seen = done.then(() => {
      const [part] = lyon.cluster.remoteConferences('3000');
      return [...(part?.conference.members.values() ?? [])][0]?.flags.speaker;
    });
    await told();
    expect(await seen).toBe(true);
    expect([...oslo.conference().members.values()][0]?.flags.speaker).toBe(true);
    expect([...lyon.conference().members.values()][0]?.flags.speaker).toBe(false);
  });

  it('is refused with the words of the owner', async () => {
    const kick = (node: string) => lyon.controller.command('3000', { type: 'kick', memberId: 9, node });
    expect(await refused(kick('oslo'))).toBe('no-such-member');
    expect(await refused(kick('rome'))).toBe('no-such-node');
    expect(await refused(kick('lyon'))).toBe('no-such-member');
  });

  it.each([
    { type: 'execute', application: 'System', data: 'id' },
    { type: 'call-webhook', url: 'http://192.0.2.1/' },
  ] as const)('that reaches beyond the conference is not taken from another node: $type', async (command) => {
    const asked = () => oslo.askedFor('setVariable').length + oslo.askedFor('continueInDialplan').length;
    const before = asked();
    const denied = refused(lyon.controller.command('3000', { ...command, memberId: 1, node: 'oslo' }));
    expect(await denied).toBe('not-possible');
    expect(asked()).toBe(before);
  });

  it('of a key that is refused elsewhere is told to the member who has pressed it', async () => {
    const command = { type: 'kick', memberId: 9 } as const;
    lyon.cluster.publish('3000', { type: 'forward', node: 'oslo', command, actingFor: 1 });
    await told();
    expect(lyon.askedFor('whisperTo')).toHaveLength(1);
  });

  it('to a node that does not answer fails after 3 s, and at once when it goes down', async () => {
    network.cut('lyon', 'oslo');
    expect(await refused(lyon.controller.command('3000', { type: 'kick', memberId: 1, node: 'oslo' }))).toBe(
      'node-unreachable',
    );
    network.heal('lyon', 'oslo');
    await told();
    // It has been sent, and the answer is lost.
    const lost = refused(lyon.controller.command('3000', { type: 'kick', memberId: 1, node: 'oslo' }));
    network.cut('lyon', 'oslo');
    expect(await lost).toBe('node-unreachable');
  });

  it('to a conference that only another node has goes there', async () => {
    oslo.call('4000');
    await told();
    await carriedOut(lyon.controller.command('4000', { type: 'lock', locked: true }));
    expect(oslo.conference('4000').locked).toBe(true);
    expect(await refused(lyon.controller.command('5000', { type: 'terminate' }))).toBe('no-such-conference');
  });

  it('that plays to the conference plays on one floor', async () => {
    // No player comes: this Asterisk is none.
    lyon.controller.command('3000', { type: 'play', media: ['beep'], volume: 0 }).catch(() => {});
    await told();
    expect([lyon, oslo].map((node) => node.conference().playback?.media)).toEqual([['beep'], undefined]);
    expect(oslo.conference().remote?.playing).toBe('lyon');
    const stop = { type: 'control-playback', operation: { type: 'stop' } } as const;
    await carriedOut(oslo.controller.command('3000', stop));
    expect(lyon.conference().playback).toBeNull();
  });

  it('that calls on the next hand calls on the oldest of all nodes', async () => {
    await carriedOut(oslo.controller.command('3000', { type: 'raise-hand', memberId: 1, raised: true }));
    await carriedOut(lyon.controller.command('3000', { type: 'raise-hand', memberId: 1, raised: true }));
    await carriedOut(lyon.controller.command('3000', { type: 'next-hand' }));
    expect([...oslo.conference().members.values()][0]).toMatchObject({
      handRaisedAtMs: null,
      flags: { speaker: true },
    });
    expect(lyon.conference().remote?.oldestHand).toBeNull();
    expect([...lyon.conference().members.values()][0]?.handRaisedAtMs).not.toBeNull();
  });
});

describe('a node that falls silent', () => {
  beforeEach(async () => {
    lyon.call();
    oslo.call();
    await told();
    network.cut('lyon', 'oslo');
  });

  it('keeps its members for 15 s, and is gone with them after that', async () => {
    await vi.advanceTimersByTimeAsync(14_000);
    expect(countMembers(lyon.conference())).toBe(2);
    expect(lyon.cluster.nodes[1]).toMatchObject({ id: 'oslo', state: 'silent', members: 1 });
    await vi.advanceTimersByTimeAsync(1100);
    expect(countMembers(lyon.conference())).toBe(1);
    expect(lyon.cluster.nodes[1]).toMatchObject({ id: 'oslo', state: 'gone', members: 0 });
  });

  it('and comes back in time is as if it had never been away', async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    const asked = lyon.asked.length;
    network.heal('lyon', 'oslo');
    for (let seconds = 0; seconds < 30; seconds++) {
      await vi.advanceTimersByTimeAsync(1000);
      expect(countMembers(lyon.conference())).toBe(2);
    }
    expect(lyon.asked).toHaveLength(asked);
    expect(lyon.cluster.nodes[1]).toMatchObject({ state: 'up', rttMs: 2 });
  });

  it('can be forgotten at once', () => {
    lyon.cluster.flush('oslo');
    expect(countMembers(lyon.conference())).toBe(1);
    expect(lyon.cluster.nodes.map(({ id }) => id)).toEqual(['lyon']);
    expect(() => lyon.cluster.flush('rome')).toThrow('no other node "rome"');
  });

  it('takes the lock along of a conference that nobody else has', async () => {
    network.heal('lyon', 'oslo');
    oslo.call('4000');
    await told();
    await carriedOut(oslo.controller.command('4000', { type: 'lock', locked: true }));
    network.cut('lyon', 'oslo');
    await vi.advanceTimersByTimeAsync(14_000);
    expect(lyon.cluster.opening('4000')).toMatchObject({ locked: true });
    await vi.advanceTimersByTimeAsync(2000);
    expect(lyon.cluster.opening('4000')).toMatchObject({ locked: false });
  });

  it('agrees about the lock again afterwards: the last word counts', async () => {
    await carriedOut(lyon.controller.command('3000', { type: 'lock', locked: true }));
    await carriedOut(oslo.controller.command('3000', { type: 'lock', locked: true }));
    await carriedOut(oslo.controller.command('3000', { type: 'lock', locked: false }));
    network.heal('lyon', 'oslo');
    await told();
    expect([lyon, oslo].map((node) => node.conference().locked)).toEqual([false, false]);
  });
});

describe('a node that starts', () => {
  it('hears of the others before it says what it has', async () => {
    lyon.call();
    await told();
    const rome = new TestNode('rome', network, SILENT);
    nodes.push(rome);
    const starting = rome.cluster.start();
    await told();
    // It need not wait any longer.
    await starting;
    expect(rome.cluster.remoteConferences('3000')).toHaveLength(1);
    expect(network.sent.some(({ from, message }) => from === 'rome' && message.type === 'snapshot')).toBe(false);
    await rome.controller.resync();
    await told();
    expect(network.sent.some(({ from, message }) => from === 'rome' && message.type === 'snapshot')).toBe(true);
  });

  it('does not wait for ever where nobody is', async () => {
    const hermit = new TestNode('hermit', new TestNetwork(), SILENT);
    await startAll(hermit);
    hermit.call();
    expect(isAlone(hermit.conference())).toBe(true);
  });

  it('that is full and draining says so', async () => {
    oslo.cluster.drain(true);
    await told();
    expect(lyon.cluster.nodes[1]).toMatchObject({ id: 'oslo', draining: true });
  });
});

describe('a node by itself', () => {
  it('knows itself, and takes a member with its name for its own', async () => {
    const alone = new TestNode('alone', null, SILENT);
    await startAll(alone);
    alone.call();
    expect(alone.conference().remote).toBeNull();
    await carriedOut(alone.controller.command('3000', { type: 'kick', memberId: 1, node: 'alone' }));
    expect([...alone.conference().members.values()][0]?.place.at).toBe('leaving');
    expect(alone.cluster.nodes).toMatchObject([{ id: 'alone', state: 'self', conferences: 1, members: 0 }]);
  });
});
