import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/machine.ts';
import { MeshChannel, type MeshOptions } from '../../../src/events/mesh/channel.ts';
import { dialTls } from '../../../src/events/mesh/tls.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { DEAD_AFTER_MS, SECRET } from './ground.ts';
import { meshGround } from './mesh-ground.ts';
import { RawPeer } from './raw-peer.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { allConnected, now, until, Witness } from './witness.ts';

type Close = () => unknown;
const closing: Close[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const host = '127.0.0.1';
const secretFor = () => Buffer.from(SECRET);

function node(nodeId: string, port: number, options: Partial<MeshOptions> = {}): Witness {
  const full = { nodeId, listen: { host, port }, peers: [], secretFor, ...options };
  const witness = new Witness(nodeId, (deps) => new MeshChannel(full, deps));
  closing.push(() => witness.channel.stop());
  return witness;
}

async function started(
  nodeId: string,
  options: Partial<MeshOptions> = {},
): Promise<{ witness: Witness; port: number }> {
  const port = await freePort('127.0.0.1');
  const witness = node(nodeId, port, options);
  await witness.channel.start();
  return { witness, port };
}

async function raw(port: number, id: string, secret?: string): Promise<RawPeer> {
  const peer = await RawPeer.dial(port, id, secret);
  closing.push(() => peer.socket.terminate());
  return peer;
}

/** A hand-made peer that has become one: its id is larger than that of the node, which chooses. */
async function rawPeer(port: number, witness: Witness, id = 'z'): Promise<RawPeer> {
  const peer = await raw(port, id);
  peer.hello(id, 'first', { protocol: { major: 2, minor: 7, beta: true }, later: 'unknown here' });
  peer.control({ type: 'ready', later: true });
  await until('it is up', () => witness.connected.includes(id));
  return peer;
}

describe('which connection', () => {
  it('of two nodes that dial each other, the one dialled by the smaller id remains, from the beginning', async () => {
    const ground = await meshGround(['a', 'b'], true);
    closing.push(() => ground.close());
    const nodes = ['a', 'b'].map((id) => ground.node(id));
    await Promise.all(nodes.map(({ channel }) => channel.start()));
    await allConnected(nodes);
    await delay(300);
    expect(ground.proxies.map(({ open }) => open)).toEqual([0, 1]);
    expect(nodes.map(({ changes }) => changes)).toEqual([['b up'], ['a up']]);
  });

  it('one direction is enough, whichever', async () => {
    const [a, z] = [await started('a'), await started('z')];
    const peers = [a, z].map(({ port }) => ({ host, port }));
    const { witness: m } = await started('m', { peers });
    await until('m sees both', () => m.connected.join() === 'a,z');
    await until('both see m', () => [a, z].every(({ witness }) => witness.connected.join() === 'm'));
  });

  it('a peer of unknown id that is connected already is not dialled again and again', async () => {
    const [aPort, proxyPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const proxy = new TcpProxy(aPort);
    await proxy.start(proxyPort);
    closing.push(() => proxy.stop());
    const { witness: b } = await started('b', { peers: [{ host, port: proxyPort }] });
    const bPort = (b.channel as MeshChannel<unknown>).port ?? 0;
    const a = node('a', aPort, { peers: [{ host, port: bPort }] });
    await a.channel.start();
    await allConnected([a, b]);
    // Those that were refused while a was not there are counted too.
    await until('the second connection was given up', () => proxy.open === 0);
    const before = proxy.accepted;
    await delay(400);
    expect(proxy.accepted).toBe(before);
    expect(b.changes).toEqual(['a up']);
  });

  it('an address at which no node was ever found is a problem, until there is one', async () => {
    const port = await freePort(host);
    const { witness } = await started('a', { peers: [{ host, port }] });
    await expect
      .poll(() => witness.channel.problems)
      .toEqual([`no node answers at ${host}:${port} (ECONNREFUSED): correct cluster.peers, or start it`]);
    const other = node('b', port);
    await other.channel.start();
    await allConnected([witness, other]);
    expect(witness.channel.problems).toEqual([]);
    // What is known of a node that was found is not the channel's to say.
    await other.channel.stop();
    await until('it is down', () => !witness.connected.includes('b'));
    expect(witness.channel.problems).toEqual([]);
  });

  it('a node that finds itself at an address makes nothing of it', async () => {
    const port = await freePort('127.0.0.1');
    const a = node('a', port, { peers: [{ host, port }] });
    await a.channel.start();
    await delay(200);
    expect(a.changes).toEqual([]);
    expect(a.log).toEqual([]);
  });

  it('a peer that comes back by a new connection while the old one is dead replaces it', async () => {
    const { witness: a, port } = await started('a');
    const old = await rawPeer(port, a);
    // It reads nothing any more, so it answers no ping.
    old.socket.pause();
    const back = await raw(port, 'z');
    back.hello('z', 'first');
    back.control({ type: 'ready' });
    await until('the old one is replaced', () => a.changes.length === 3, 3000);
    expect(a.changes).toEqual(['z up', 'z down silent', 'z up']);
    expect(back.closeCode).toBeNull();
  });
});

describe('who', () => {
  it('a second node of the same id is refused and told once, and the first one goes on', async () => {
    const { witness: b, port } = await started('b');
    const peers = [{ nodeId: 'b', host, port }];
    const { witness: first } = await started('c', { peers });
    await allConnected([b, first]);
    const { witness: second } = await started('c', { peers });
    await until('it was refused twice', () => b.channel.counters.refused['id-taken'] >= 2);
    expect(b.logged('two nodes with the id c')).toBe(1);
    expect(second.logged('another node with the id of this one')).toBe(1);
    expect(b.changes).toEqual(['c up']);
    expect(first.changes).toEqual(['b up']);
    expect(second.changes).toEqual([]);
  });

  it('a node that has our own id is refused and told once', async () => {
    const { witness: a, port } = await started('a');
    const { witness: namesake } = await started('a', { peers: [{ host, port }] });
    await until('both have refused', () =>
      [a, namesake].every(({ channel }) => channel.counters.refused['id-taken'] > 1),
    );
    expect(a.logged('the id of this node')).toBe(1);
    expect(a.changes).toEqual([]);
  });

  it('a node that is not the one expected at an address is refused', async () => {
    const { port, witness: b } = await started('b');
    const { witness: a } = await started('a', { peers: [{ nodeId: 'c', host, port }] });
    await until('it was refused', () => a.channel.counters.refused.identity > 0);
    expect(a.connected).toEqual([]);
    expect(b.connected).toEqual([]);
  });

  it('a node that says another name than the one that it has proven is refused', async () => {
    const { port, witness: a } = await started('a');
    const liar = await raw(port, 'x');
    liar.hello('y', 'first');
    await until('it was refused', () => liar.closeCode === 4005);
    expect(a.channel.counters.refused.identity).toBe(1);
  });

  it('who knows the secret of the cluster cannot be a node that has a secret of its own', async () => {
    const own = 'a secret that only a and c know!';
    const { port, witness: a } = await started('a', { secretFor: (id) => Buffer.from(id === 'c' ? own : SECRET) });
    await expect(raw(port, 'c')).rejects.toThrow();
    await until('it is counted', () => a.channel.counters.refused.secret === 1);
    expect(a.channel.counters.refused.garbage).toBe(0);
    const c = await raw(port, 'c', own);
    c.hello('c', 'first');
    c.control({ type: 'ready' });
    await until('c is up', () => a.connected.join() === 'c');
  });

  it('another major version is refused and told once', async () => {
    const { port, witness: a } = await started('a');
    for (let n = 1; n <= 2; n++) {
      const later = await raw(port, 'z');
      later.hello('z', 'first', { protocol: { major: 3, minor: 0 } });
      await until('it was refused', () => later.closeCode === 4003);
      expect(a.channel.counters.refused.version).toBe(n);
    }
    expect(a.logged('it speaks version 3.0')).toBe(1);
  });
});

describe('bad input', () => {
  it('a peer that sends what is no message is counted and stays', async () => {
    const { port, witness: a } = await started('a');
    const peer = await rawPeer(port, a);
    peer.message('{"type":');
    peer.message('');
    peer.control({ type: 'dance' });
    peer.socket.send(Buffer.from('?'));
    peer.socket.send(Buffer.alloc(0));
    peer.message('{"type":"note","n":1}');
    await until('the good one has come', () => a.notes.length === 1);
    expect(a.channel.counters.malformed).toBe(2);
    expect(a.channel.counters.refused.protocol).toBe(2);
    expect(a.changes).toEqual(['z up']);
  });

  it('a node that does not begin with a hello is refused', async () => {
    const { port, witness: a } = await started('a');
    for (const first of ['m{"type":"note","n":1}', 'c{}', 'c', `c${' '.repeat(10_000)}`]) {
      const peer = await raw(port, 'z');
      peer.socket.send(Buffer.from(first));
      await until('it was refused', () => peer.closeCode === 4004);
    }
    expect(a.channel.counters.refused.protocol).toBe(4);
    expect(a.notes).toEqual([]);
  });

  it('what is not of our kind is counted, cut off in time and in nobody’s way', async () => {
    const { port, witness: a } = await started('a', { handshakeTimeoutMs: 300, maxHandshakes: 20 });
    const open = async (text: string | Buffer) => {
      const socket = connect(port, host);
      socket.on('error', () => {});
      socket.resume();
      closing.push(() => socket.destroy());
      await once(socket, 'connect');
      if (text.length > 0) socket.write(text);
      return socket;
    };
    const secure = async (text: string) => {
      const dial = { host, port, ownId: 'z', peerId: 'a', secretFor, onRevoked: () => {} };
      const socket = dialTls(dial);
      socket.on('error', () => {});
      socket.resume();
      closing.push(() => socket.destroy());
      await once(socket, 'secureConnect');
      socket.write(text);
      return socket;
    };
    await open('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await open(Buffer.from(Array.from({ length: 500 }, (_, n) => (n * 89) % 256)));
    await until('both are counted', () => a.channel.counters.refused.garbage === 2);
    const [page, noise] = [await secure('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), await secure('no HTTP\r\n\r\n')];
    const upgrade = await secure('GET /events HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await until('all are cut off', () => [page, noise, upgrade].every(({ destroyed }) => destroyed));
    expect(a.channel.counters.refused.garbage).toBe(5);
    // The beginning of a TLS record, and of nothing at all.
    const halves = [await open(Buffer.from('160301', 'hex')), await open('')];
    await until('both are cut off', () => halves.every(({ destroyed }) => destroyed));
    expect(a.channel.counters.refused.garbage).toBe(5);
    expect(a.channel.counters.refused.timeout).toBe(2);
    await Promise.all(Array.from({ length: 100 }, () => open('')));
    await until('the flood is counted', () => a.channel.counters.refused.flood >= 80);
    await rawPeer(port, a);
    expect(a.logged('flood') + a.logged('not identified themselves')).toBe(1);
  });

  it('connections from the address of a node have room first where many others knock', async () => {
    const ofNode = ownAddress();
    const peers = [{ host: ofNode, port: await freePort(ofNode) }];
    const { port, witness: a } = await started('a', { maxHandshakes: 20, peers });
    const open = async (localAddress: string) => {
      const socket = connect({ port, host, localAddress });
      socket.on('error', () => {});
      socket.resume();
      closing.push(() => socket.destroy());
      await once(socket, 'connect');
      return socket;
    };
    const slow = await open(ofNode);
    const strangers = await Promise.all(Array.from({ length: 100 }, () => open(ownAddress())));
    await until('the flood is counted', () => a.channel.counters.refused.flood >= 80);
    await until('strangers are cut off', () => strangers.filter(({ destroyed }) => destroyed).length >= 80);
    expect(slow.destroyed).toBe(false);
  });

  it('who is let in but says no hello is cut off in time', async () => {
    const { port, witness: a } = await started('a', { handshakeTimeoutMs: 200 });
    const mute = await raw(port, 'z');
    await until('it is cut off', () => mute.closeCode !== null, 1000);
    expect(a.channel.counters.refused.timeout).toBe(1);
  });
});

describe('bad networks', () => {
  it('a peer from which nothing comes any more is told as down within the dead time', async () => {
    const ground = await meshGround(['a', 'b'], true);
    closing.push(() => ground.close());
    const nodes = ['a', 'b'].map((id) => ground.node(id));
    await Promise.all(nodes.map(({ channel }) => channel.start()));
    await allConnected(nodes);
    const startMs = now();
    for (const proxy of ground.proxies) proxy.freeze();
    await until('one is down', () => nodes.some(({ changes }) => changes.some((change) => change.includes('down'))));
    expect(now() - startMs).toBeLessThan(DEAD_AFTER_MS * 1.5);
    expect(nodes.flatMap(({ changes }) => changes)).toContainEqual(expect.stringMatching(/down silent/));
    await allConnected(nodes);
  });

  it('a peer that takes messages too slowly is disconnected rather than kept waiting for', async () => {
    const { port, witness: a } = await started('a', { maxQueueBytes: 1_000_000 });
    const slow = await rawPeer(port, a);
    slow.socket.pause();
    const message = { type: 'note', n: 1, text: 'x'.repeat(100_000) };
    let sent = 0;
    while (a.channel.send('z', message) && sent < 1000) {
      sent++;
      await new Promise(setImmediate);
    }
    expect(a.changes).toEqual(['z up', 'z down slow']);
    // The queue, and what the system has taken on both sides.
    expect(sent).toBeGreaterThanOrEqual(9);
    expect(sent).toBeLessThan(200);
  });
});

describe('starting', () => {
  it('a port that is taken is told with a code', async () => {
    const { port } = await started('a');
    const b = node('b', port);
    await expect(b.channel.start()).rejects.toMatchObject({ code: 'port-taken' });
  });

  it('an address that is not of this machine is told with a code', async () => {
    const b = node('b', await freePort('127.0.0.1'), { listen: { host: '192.0.2.1', port: 4000 } });
    await expect(b.channel.start()).rejects.toMatchObject({ code: 'cannot-listen' });
  });

  it('a name that cannot be a node id is refused', () => {
    expect(() => node('a b', 0)).toThrow(expect.objectContaining({ code: 'invalid-name' }));
  });

  it('a peer that is not there is told once, and found when it comes', async () => {
    const port = await freePort('127.0.0.1');
    const { witness: a } = await started('a', { peers: [{ nodeId: 'b', host, port }] });
    await delay(500);
    expect(a.logged('ECONNREFUSED')).toBe(1);
    const b = node('b', port);
    await b.channel.start();
    await allConnected([a, b]);
  });
});
