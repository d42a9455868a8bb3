import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../scripts/machine.ts';
import { NatsChannel, type NatsOptions } from '../../../src/events/nats/channel.ts';
import { decodeControl, decodeFrame, encodeFrame, KIND, type ReceivedFrame } from '../../../src/events/nats/frame.ts';
import { NatsSeal } from '../../../src/events/nats/seal.ts';
import { openPayload } from '../../../src/events/nats/session-keys.ts';
import { deriveKey } from '../../../src/secrets/derive.ts';
import { NatsServer } from '../../kit/nats-server.ts';
import { SECRET } from './ground.ts';
import { allConnected, now, until, Witness } from './witness.ts';

let server: NatsServer;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  server = new NatsServer(await freePort('127.0.0.1'));
  await server.start();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(() => server.kill());

let clusters = 0;
/** Nodes of a cluster of their own. */
function nodes(ids: string[], options: Partial<NatsOptions> = {}): Witness[] {
  const cluster = `c${clusters++}`;
  const full = { cluster, servers: [server.url], secret: Buffer.from(SECRET), heartbeatMs: 200, deadAfterMs: 1000 };
  return ids.map((nodeId) => {
    const witness = new Witness(nodeId, (deps) => new NatsChannel({ ...full, ...options, nodeId }, deps));
    closing.push(() => witness.channel.stop());
    return witness;
  });
}

async function cluster(ids: string[], options: Partial<NatsOptions> = {}): Promise<Witness[]> {
  const made = nodes(ids, { cluster: 'test', ...options });
  await Promise.all(made.map(({ channel }) => channel.start()));
  await allConnected(made);
  return made;
}

async function pair(options: Partial<NatsOptions> = {}): Promise<[Witness, Witness]> {
  const [a, b] = await cluster(['a', 'b'], options);
  if (!a || !b) throw new Error('no pair');
  return [a, b];
}

/** Sees and sends everything that the broker, or a user of it, can. */
async function broker() {
  const connection = await connect({ servers: server.url });
  const packets: { subject: string; data: Uint8Array }[] = [];
  connection.subscribe('>', {
    callback: (_error, { subject, data }) => {
      packets.push({ subject, data: Uint8Array.from(data) });
    },
  });
  await connection.flush();
  closing.push(() => connection.close());
  return { packets, publish: connection.publish.bind(connection), flush: () => connection.flush() };
}

it('a server that is not there is told once and waited for, without holding up the start', async () => {
  const later = new NatsServer(await freePort('127.0.0.1'));
  const [a] = nodes(['a'], { servers: [later.url] });
  const startMs = now();
  await a?.channel.start();
  expect(now() - startMs).toBeLessThan(500);
  await delay(350);
  expect(a?.logged('no connection to NATS')).toBe(1);
  expect(a?.channel.send('b', { type: 'note', n: 1 })).toBe(false);
  closing.push(() => later.kill());
  await later.start();
  await until('it is there', () => a?.logged('connected with NATS') === 1);
});

it('packets that are sent again are dropped and counted', async () => {
  const { packets, publish, flush } = await broker();
  const [a, b] = await pair();
  a.channel.send('b', { type: 'note', n: 1 });
  a.channel.broadcast({ type: 'note', n: 2 });
  await until('they have come', () => b.notes.length === 2 && b.channel.peers.get('a')?.roundTripMs !== null);
  for (const { subject, data } of packets.slice()) publish(subject, data);
  await flush();
  a.channel.send('b', { type: 'note', n: 3 });
  await until('the next one has come', () => b.notes.length === 3);
  await delay(300);
  expect(b.numbersFrom('a')).toEqual([1, 2, 3]);
  expect(b.channel.counters.refused.replay).toBeGreaterThan(2);
  expect([a.changes, b.changes]).toEqual([['b up'], ['a up']]);
});

it('packets of a former life are nothing to a node that has started again', async () => {
  const { packets, publish, flush } = await broker();
  const [a, b] = await pair();
  a.channel.broadcast({ type: 'note', n: 1 });
  a.channel.send('b', { type: 'note', n: 2 });
  await until('they have come', () => b.notes.length === 2);
  await b.channel.stop();
  const old = packets.slice();
  const [again] = nodes(['b'], { cluster: 'test' });
  if (!again) throw new Error('no node');
  await again.channel.start();
  await allConnected([a, again]);
  for (const { subject, data } of old) publish(subject, data);
  await flush();
  await delay(300);
  expect(again.notes).toEqual([]);
  expect([a.connected, again.connected]).toEqual([['b'], ['a']]);
  expect(again.changes).toEqual(['a up']);
});

it('packets that were changed, or sent to another subject, are dropped and counted', async () => {
  const { packets, publish, flush } = await broker();
  const [a, b, c] = await cluster(['a', 'b', 'c']);
  if (!a || !b || !c) throw new Error('no nodes');
  a.channel.send('b', { type: 'note', n: 1 });
  await until('it has come', () => b.notes.length === 1);
  const direct = packets.filter(({ subject, data }) => subject.endsWith('.to.b') && data[2] === 0x61).at(-1);
  if (!direct) throw new Error('no packet');
  publish(direct.subject.replace('.to.b', '.to.c'), direct.data);
  publish(direct.subject.replace('.to.b', '.all'), direct.data);
  // The first of them makes the sender's name none.
  for (const at of [2, 10, 40, direct.data.length - 1]) {
    const changed = Uint8Array.from(direct.data);
    changed[at] = (changed[at] ?? 0) ^ 1;
    publish(direct.subject, changed);
  }
  await flush();
  await until('all are counted', () => b.channel.counters.refused.secret === 4);
  await until('those to c too', () => c.channel.counters.refused.secret === 2);
  for (const text of ['', 'x', '\u0003', '\u0003\u0040', '\u0003\u0001 ', 'hello, world '.repeat(20)]) {
    publish(direct.subject, text);
  }
  publish(direct.subject, Uint8Array.of(1, 1, 97));
  await flush();
  await until('garbage is counted', () => b.channel.counters.refused.garbage === 6);
  expect(b.channel.counters.refused.version).toBe(2);
  expect(b.notes).toHaveLength(1);
  expect([a, b, c].map(({ changes }) => changes.length)).toEqual([2, 2, 2]);
});

it('the broker cannot read what is said', async () => {
  const { packets } = await broker();
  const [a, b] = await pair();
  a.channel.broadcast({ type: 'note', n: 1, text: 'a word in confidence' });
  await until('it has come', () => b.notes.length === 1);
  const seen = Buffer.concat(packets.map(({ data }) => data));
  expect(seen.length).toBeGreaterThan(100);
  expect(seen.includes('confidence')).toBe(false);
  expect(seen.includes('note')).toBe(false);
});

/** What somebody who has learned the secret of the cluster finds in recorded packets. */
async function readWithSecret(packets: readonly { subject: string; data: Uint8Array }[]): Promise<ReceivedFrame[]> {
  const seal = await NatsSeal.make(Buffer.from(SECRET), 'attacker');
  return packets.flatMap(({ subject, data }) => {
    const unsealed = seal.unseal(subject, data);
    const frame = unsealed.kind === 'frame' && decodeFrame(unsealed.frame);
    return frame ? [frame] : [];
  });
}

const isMessage = ({ kind }: ReceivedFrame) => kind !== KIND.allControl && kind !== KIND.directControl;

it('messages that were recorded are not read by somebody who learns the secret later, nor with keys of another session', async () => {
  const { packets } = await broker();
  const [a, b] = await pair();
  a.channel.broadcast({ type: 'note', n: 1, text: 'a word in confidence' });
  a.channel.send('b', { type: 'note', n: 2, text: 'a word in confidence' });
  b.channel.send('a', { type: 'note', n: 3, text: 'a word in confidence' });
  await until('they have come', () => a.notes.length === 1 && b.notes.length === 2);

  let frames: ReceivedFrame[] = [];
  await expect
    .poll(async () => {
      frames = await readWithSecret(packets);
      return frames.filter(isMessage).length;
    })
    .toBe(3);
  const greetings = frames
    .filter(({ kind }) => kind === KIND.directControl)
    .map(({ payload }) => decodeControl(payload));
  const sealedKeys = greetings.flatMap((control) => (control?.type === 'open' ? [control.key] : []));
  expect(sealedKeys.length).toBe(2);
  // All that the secret tells: public keys, and everything that could be a key.
  const told = [...frames.flatMap(({ session, peerSession }) => [session, peerSession])].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  const keys = [
    ...told,
    Buffer.from(SECRET),
    ...['nats-seal', 'mesh-psk'].map((purpose) => deriveKey(Buffer.from(SECRET), purpose)),
  ];
  for (const { header, payload } of frames.filter(isMessage)) {
    expect(Buffer.from(payload).includes('confidence')).toBe(false);
    for (const key of keys) expect(openPayload(key, header, payload)).toBeNull();
  }
  // Another session has other keys.
  const names = new Set(frames.map(({ session }) => session));
  await b.channel.stop();
  const [again] = nodes(['b'], { cluster: 'test' });
  await again?.channel.start();
  await until('b is there again', () => a.connected.includes('b') && again?.connected.includes('a') === true);
  let opening: ReceivedFrame[] = [];
  await expect
    .poll(async () => {
      const later = (await readWithSecret(packets)).slice(frames.length);
      opening = later.filter(
        ({ kind, payload }) => kind === KIND.directControl && decodeControl(payload)?.type === 'open',
      );
      return opening.length;
    })
    .toBe(2);
  for (const { session } of opening) expect(names.has(session)).toBe(false);
});

it('a message without the keys of the session is refused, though its sender knows the secret', async () => {
  const { packets, publish } = await broker();
  const [a, b] = await pair();
  a.channel.send('b', { type: 'note', n: 1 });
  await until('it has come', () => b.notes.length === 1);
  const last = (await readWithSecret(packets)).findLast(({ kind }) => kind === KIND.direct);
  if (!last) throw new Error('no message');
  const forged = { ...last, direct: last.direct + 1, payload: Buffer.from('{"type":"note","n":2}') };
  const subject = 'rostrum.test.to.b';
  const seal = await NatsSeal.make(Buffer.from(SECRET), 'a');
  publish(subject, seal.seal(subject, encodeFrame(forged)));
  await until('it is refused', () => b.channel.counters.refused.secret === 1);
  await allConnected([a, b]);
  a.channel.send('b', { type: 'note', n: 3 });
  await until('the next one has come', () => b.notes.length === 2);
  expect(b.numbersFrom('a')).toEqual([1, 3]);
});

it('clusters on one server have nothing to do with each other', async () => {
  const [a, b] = await pair();
  const [other] = nodes(['c'], { cluster: 'another' });
  await other?.channel.start();
  await delay(300);
  expect([a, b, other].map((node) => node?.connected)).toEqual([['b'], ['a'], []]);
});

it('of two nodes of one id the second is ignored and told once, and the first one goes on', async () => {
  const [b, first] = await cluster(['b', 'c']);
  const [second] = nodes(['c'], { cluster: 'test' });
  if (!b || !first || !second) throw new Error('no nodes');
  await second.channel.start();
  await until('they have noticed', () =>
    [first, second].every(({ channel }) => channel.counters.refused['id-taken'] > 0),
  );
  first.channel.send('b', { type: 'note', n: 1 });
  b.channel.send('c', { type: 'note', n: 2 });
  await until('they talk', () => b.notes.length === 1 && first.notes.length === 1);
  expect(second.logged('another node with the id of this one')).toBe(1);
  expect(b.changes).toEqual(['c up']);
  expect(first.changes).toEqual(['b up']);
  expect(second.changes).toEqual([]);
});

it('a server that takes nothing any more is left rather than waited for', async () => {
  const stuck = new NatsServer(await freePort('127.0.0.1'));
  closing.push(() => stuck.kill());
  await stuck.start();
  const [a] = await pair({ servers: [stuck.url], maxQueueBytes: 3_000_000, cluster: 'stuck' });
  stuck.pause();
  let sent = 0;
  while (a.channel.send('b', { type: 'note', n: 1, text: 'x'.repeat(100_000) }) && sent < 1000) sent++;
  expect(a.changes).toEqual(['b up', 'b down slow']);
  expect(sent).toBeGreaterThanOrEqual(29);
  expect(sent).toBeLessThan(40);
});
