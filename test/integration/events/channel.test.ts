import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { DEAD_AFTER_MS, type Ground } from './ground.ts';
import { meshGround } from './mesh-ground.ts';
import { natsGround } from './nats-ground.ts';
import { allConnected, now, until, type Witness } from './witness.ts';

type MakeGround = (ids: string[], isCuttable?: boolean) => Promise<Ground>;
const transports: { name: string; make: MakeGround }[] = [
  { name: 'mesh', make: meshGround },
  { name: 'nats', make: natsGround },
];

const letters = (count: number) => [...'abcdefgh'].slice(0, count);

describe.each(transports)('$name', ({ make }) => {
  let ground: Ground | null = null;

  afterEach(async () => {
    await ground?.close();
    ground = null;
  });

  const lay = async (ids: string[], isCuttable = false) => {
    ground = await make(ids, isCuttable);
    return ground;
  };

  const cluster = async (ids: string[], isCuttable = false): Promise<Witness[]> => {
    const { node } = await lay(ids, isCuttable);
    const nodes = ids.map((id) => node(id));
    await Promise.all(nodes.map(({ channel }) => channel.start()));
    await allConnected(nodes);
    return nodes;
  };

  const pair = async (isCuttable = false): Promise<[Witness, Witness]> => {
    const [a, b] = await cluster(['a', 'b'], isCuttable);
    if (!a || !b) throw new Error('no pair');
    return [a, b];
  };

  it.each([3, 8])('%i nodes all see each other, and are told of each other once', async (count) => {
    const nodes = await cluster(letters(count));
    await delay(150);
    for (const { id, changes } of nodes) {
      const others = letters(count).filter((other) => other !== id);
      expect([...changes].sort()).toEqual(others.map((other) => `${other} up`));
    }
  });

  it('what is sent and broadcast arrives once and in order', async () => {
    const [a, b, c] = await cluster(letters(3));
    if (!a || !b || !c) throw new Error('no nodes');
    for (let n = 0; n < 300; n++) {
      if (n % 3 === 0) a.channel.broadcast({ type: 'note', n });
      else expect(a.channel.send(n % 3 === 1 ? 'b' : 'c', { type: 'note', n })).toBe(true);
    }
    a.channel.broadcast({ type: 'note', n: 300 });
    await until('all have come', () => [b, c].every(({ notes }) => notes.at(-1)?.note.n === 300));
    const numbers = Array.from({ length: 301 }, (_, n) => n);
    expect(b.numbersFrom('a')).toEqual(numbers.filter((n) => n % 3 !== 2));
    expect(c.numbersFrom('a')).toEqual(numbers.filter((n) => n % 3 !== 1));
    expect(a.notes).toEqual([]);
    expect(a.channel.peers.get('b')?.sent).toBe(201);
    expect(b.channel.peers.get('a')?.received).toBe(201);
  });

  it('a burst of 10,000 messages from each of two nodes arrives whole', async () => {
    const [a, b] = await pair();
    for (let n = 0; n < 10_000; n++) {
      a.channel.send('b', { type: 'note', n, text: 'x'.repeat(100) });
      b.channel.send('a', { type: 'note', n, text: 'x'.repeat(100) });
    }
    await until('all have come', () => a.notes.length === 10_000 && b.notes.length === 10_000, 10_000);
    const numbers = Array.from({ length: 10_000 }, (_, n) => n);
    expect(a.numbersFrom('b')).toEqual(numbers);
    expect(b.numbersFrom('a')).toEqual(numbers);
    expect([...a.changes, ...b.changes]).toEqual(['b up', 'a up']);
  });

  it('a large snapshot arrives whole, between smaller messages', async () => {
    const [a, b] = await pair();
    const text = 'é'.repeat(3_000_000);
    a.channel.send('b', { type: 'note', n: 1 });
    a.channel.broadcast({ type: 'note', n: 2, text });
    a.channel.send('b', { type: 'note', n: 3, text });
    a.channel.send('b', { type: 'note', n: 4 });
    await until('all have come', () => b.notes.length === 4);
    expect(b.numbersFrom('a')).toEqual([1, 2, 3, 4]);
    expect(b.notes.slice(1, 3).every(({ note }) => note.text === text)).toBe(true);
  });

  it('what is sent as soon as a peer is up reaches it after it was told so too', async () => {
    const { node } = await lay(['a', 'b']);
    const nodes = ['a', 'b'].map((id) => node(id));
    for (const { channel } of nodes) await channel.start();
    const endMs = now() + 5000;
    const sent = new Set<string>();
    while (sent.size < 2 && now() < endMs) {
      for (const { id, channel, changes } of nodes) {
        if (changes.length === 0 || sent.has(id)) continue;
        sent.add(id);
        channel.broadcast({ type: 'note', n: 1 });
      }
      await new Promise(setImmediate);
    }
    await until('both have come', () => nodes.every(({ notes }) => notes.length === 1));
  });

  it('a node that stops is told as down at once, everywhere', async () => {
    const nodes = await cluster(letters(3));
    const [a, b, c] = nodes;
    const startMs = now();
    await c?.channel.stop();
    await until('c is down', () => [a, b].every((node) => node?.connected.length === 1), 500);
    expect(now() - startMs).toBeLessThan(500);
    expect(a?.changes.at(-1)).toBe('c down left');
    expect(c?.changes.slice(-2).sort()).toEqual(['a down stopped', 'b down stopped']);
    expect(a?.channel.send('c', { type: 'note', n: 1 })).toBe(false);
    await c?.channel.stop();
  });

  it('a node may be stopped before it has started, while it starts, and twice', async () => {
    const { node } = await lay(['a', 'b', 'c']);
    const [a, b, c] = ['a', 'b', 'c'].map((id) => node(id).channel);
    await a?.stop();
    await a?.start();
    const starting = b?.start();
    await b?.stop();
    await starting;
    await b?.stop();
    await c?.start();
    await c?.start();
    await delay(100);
    for (const channel of [a, b, c]) {
      expect(channel?.send('d', { type: 'note', n: 1 })).toBe(false);
      expect(channel?.peers.size).toBe(0);
    }
  });

  it('a node whose process is killed is told as down within the dead time', async () => {
    const { node, process } = await lay(['a', 'b']);
    const a = node('a');
    await a.channel.start();
    const b = await process('b');
    await until('b is up', () => a.connected.length === 1, 10_000);
    b.kill();
    await until('b is down', () => a.connected.length === 0, DEAD_AFTER_MS * 1.5);
  });

  it('a node with another secret never gets in, and is counted', async () => {
    const { node } = await lay(letters(3));
    const nodes = [node('a'), node('b')];
    const stranger = node('c', { secret: 'another secret, as long as that!' });
    await Promise.all([...nodes, stranger].map(({ channel }) => channel.start()));
    await allConnected(nodes);
    const refusals = () => nodes.map(({ channel }) => channel.counters.refused.secret);
    await until('both have refused it', () => refusals().every((count) => count > 0));
    await delay(250);
    for (const { changes } of nodes) expect(changes).toHaveLength(1);
    expect(stranger.changes).toEqual([]);
  });

  it('a revoked node gets in nowhere where it is revoked, and is out at once if that happens later', async () => {
    const { node } = await lay(letters(3));
    const revoked = new Set(['c']);
    const [a, b, c] = [node('a', { revoked }), node('b'), node('c')];
    await Promise.all([a, b, c].map(({ channel }) => channel.start()));
    const connected = () => [a, b, c].map((witness) => witness.connected.join());
    await until('only a and c do not see each other', () => connected().join(' ') === 'b a,c b');
    await until('c is refused', () => a.channel.counters.refused.revoked > 1);
    expect(connected()).toEqual(['b', 'a,c', 'b']);
    revoked.add('b');
    await until('b is out', () => a.connected.length === 0 && b.connected.join() === 'c');
    expect(a.changes).toEqual(['b up', 'b down revoked']);
  });

  it('nodes find each other again after the network was cut', async () => {
    const [a, b] = await pair(true);
    await ground?.cut();
    await until('both are down', () => a.connected.length + b.connected.length === 0, DEAD_AFTER_MS * 2);
    expect(a.channel.send('b', { type: 'note', n: 1 })).toBe(false);
    await delay(100);
    await ground?.restore();
    await allConnected([a, b]);
    await until('they talk', () => {
      a.channel.broadcast({ type: 'note', n: 2 });
      return b.notes.length > 0;
    });
    expect(new Set(b.numbersFrom('a'))).toEqual(new Set([2]));
    expect(a.changes.map((change) => change.split(' ')[1])).toEqual(['up', 'down', 'up']);
    expect(b.changes.map((change) => change.split(' ')[1])).toEqual(['up', 'down', 'up']);
  });

  it('what is sent while the network comes and goes arrives in order, and without gaps while the peer is up', async () => {
    const [a, b] = await pair(true);
    let n = 0;
    const talk = async (untilTrue: () => boolean) => {
      const endMs = now() + 10_000;
      while (!untilTrue() && now() < endMs) {
        for (let burst = 0; burst < 20; burst++) {
          if (n % 5 === 0 && a.connected.length > 0) a.channel.broadcast({ type: 'note', n: n++ });
          else if (a.channel.send('b', { type: 'note', n })) n++;
        }
        await delay(1);
      }
    };
    for (let round = 0; round < 3; round++) {
      const sent = n;
      await talk(() => n > sent + 500);
      await ground?.cut();
      await talk(() => a.connected.length + b.connected.length === 0);
      await ground?.restore();
      await talk(() => a.connected.length + b.connected.length === 2);
    }
    const sent = n;
    await talk(() => n > sent + 500);
    await until('the last has come', () => b.notes.at(-1)?.note.n === n - 1);
    const breaks = b.notes.filter(({ note, period }, at) => {
      const before = b.notes[at - 1];
      return before && (before.period === period ? note.n !== before.note.n + 1 : note.n <= before.note.n);
    });
    expect(breaks).toEqual([]);
    expect(new Set(b.notes.map(({ period }) => period)).size).toBe(4);
  });

  it('unknown messages are ignored, counted and told once', async () => {
    const [a, b] = await pair();
    for (let n = 0; n < 5; n++) a.channel.send('b', { type: 'song', n });
    a.channel.send('b', { type: 'note', n: 'five' });
    a.channel.send('b', { type: 'note', n: 6 });
    await until('the last has come', () => b.notes.length === 1);
    expect(b.channel.counters.unknown).toBe(6);
    expect(b.logged('unknown here')).toBe(1);
    expect(b.changes).toEqual(['a up']);
  });

  it('a message that is too large is not sent, and counted', async () => {
    const [a, b] = await pair();
    expect(a.channel.send('b', { type: 'note', n: 1, text: 'x'.repeat(8 * 1024 * 1024) })).toBe(false);
    a.channel.broadcast({ type: 'note', n: 2, text: 'x'.repeat(8 * 1024 * 1024) });
    a.channel.send('b', { type: 'note', n: 3 });
    await until('the small one has come', () => b.notes.length === 1);
    expect(a.channel.counters.oversized).toBe(2);
    expect(b.numbersFrom('a')).toEqual([3]);
  });

  it('a message that is larger than the receiver takes is counted there and harms nobody', async () => {
    const { node } = await lay(letters(3));
    const [a, b, c] = [node('a'), node('b', { maxMessageBytes: 1000 }), node('c')];
    await Promise.all([a, b, c].map(({ channel }) => channel.start()));
    await allConnected([a, b, c]);
    a.channel.broadcast({ type: 'note', n: 1, text: 'x'.repeat(2000) });
    await until('it is counted', () => b.channel.counters.oversized === 1);
    await until('a is down and up', () => b.changes.filter((change) => change === 'a up').length === 2);
    await allConnected([a, b, c]);
    expect(c.numbersFrom('a')).toEqual([1]);
    expect(c.changes).toHaveLength(2);
    expect(b.numbersFrom('a')).toEqual([]);
  });

  it('eight nodes hear each other well within 100 ms', async () => {
    const nodes = await cluster(letters(8));
    const rounds = 50;
    for (let n = 0; n < rounds; n++) {
      for (const { channel } of nodes) channel.broadcast({ type: 'note', n, sentAtMs: now() });
      await delay(10);
    }
    await until('all have come', () => nodes.every(({ notes }) => notes.length === 7 * rounds));
    const latenciesMs = nodes.flatMap(({ notes }) => notes.map(({ note, atMs }) => atMs - (note.sentAtMs ?? 0)));
    latenciesMs.sort((x, y) => x - y);
    const [p50, p99] = [0.5, 0.99].map((part) => latenciesMs[Math.floor(latenciesMs.length * part)] ?? Infinity);
    if (process.env['ROSTRUM_EVENTS_FIGURES']) console.log({ p50, p99 });
    expect(p99).toBeLessThan(100);
    await until('round trips are known', () =>
      nodes.every(({ channel }) => [...channel.peers.values()].every(({ roundTripMs }) => roundTripMs !== null)),
    );
  });
});
