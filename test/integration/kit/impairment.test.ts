import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { meshOf } from '../../kit/impairment/mesh.ts';
import { ImpairmentProxy, type ImpairmentProxyOptions } from '../../kit/impairment/udp-proxy.ts';
import { type Endpoint, ownAddress } from '../../kit/loopback.ts';
import { waitUntil } from '../../kit/phone/wait.ts';
import { boundSocket, closeSocket } from '../../kit/sip/udp.ts';

/** A UDP socket that remembers what it got, when, and from where. */
interface Node {
  readonly socket: Socket;
  readonly endpoint: Endpoint;
  readonly got: { readonly text: string; readonly from: string; readonly atMs: number }[];
  send(text: string, to: Endpoint): void;
}

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function startNode(address = '127.0.0.1'): Promise<Node> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  await boundSocket(socket, { address, port: 0 });
  ends.push(() => closeSocket(socket));
  const node: Node = {
    socket,
    endpoint: { address, port: socket.address().port },
    got: [],
    send: (text, to) => socket.send(text, to.port, to.address),
  };
  socket.on('message', (bytes, { address, port }) => {
    node.got.push({ text: bytes.toString(), from: `${address}:${port}`, atMs: performance.now() });
  });
  return node;
}

function startProxy(options: Partial<ImpairmentProxyOptions> = {}): ImpairmentProxy {
  const proxy = new ImpairmentProxy({ seed: 1, ...options });
  ends.push(() => proxy.stop());
  return proxy;
}

async function got(node: Node, count: number): Promise<string[]> {
  await waitUntil({ waitedFor: `${count} packets`, timeoutMs: 3000 }, () => (node.got.length >= count ? true : null));
  return node.got.map(({ text }) => text);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

const text = ({ address, port }: Endpoint): string => `${address}:${port}`;

describe('a link of the impairment proxy', () => {
  it('stands for each node to the other, at addresses that stay', async () => {
    const [a, b, proxy] = [await startNode(ownAddress()), await startNode(ownAddress()), startProxy()];
    const link = await proxy.link(a.endpoint, b.endpoint, { bindA: { address: '127.0.3.1', port: 0 } });
    a.send('one', link.bSeenByA);
    a.send('two', link.bSeenByA);
    expect(await got(b, 2)).toEqual(['one', 'two']);
    expect(new Set(b.got.map(({ from }) => from))).toEqual(new Set([text(link.aSeenByB)]));
    expect(link.aSeenByB.address).toBe('127.0.3.1');
    b.send('three', link.aSeenByB);
    expect(await got(a, 1)).toEqual(['three']);
    expect(a.got[0]?.from).toBe(text(link.bSeenByA));
    expect(link.counters('a-to-b')).toMatchObject({ received: 2, receivedBytes: 6, sent: 2, sendErrors: 0 });
    expect(link.counters('b-to-a')).toMatchObject({ received: 1, sent: 1 });
  });

  it('is impaired and partitioned while it runs, in one direction or both', async () => {
    const [a, b, proxy] = [await startNode(), await startNode(), startProxy()];
    const link = await proxy.link(a.endpoint, b.endpoint);
    link.partition('a-to-b');
    a.send('lost', link.bSeenByA);
    b.send('passes', link.aSeenByB);
    expect(await got(a, 1)).toEqual(['passes']);
    await waitUntil({ waitedFor: 'the loss', timeoutMs: 1000 }, () => link.counters('a-to-b').partitioned || null);
    link.heal();
    link.impair({ duplicateRatio: 1 }, 'a-to-b');
    a.send('twice', link.bSeenByA);
    expect(await got(b, 2)).toEqual(['twice', 'twice']);
  });

  it('drops what is on its way when it is partitioned', async () => {
    const [a, b, proxy] = [await startNode(), await startNode(), startProxy({ impairment: { delayMs: 80 } })];
    const link = await proxy.link(a.endpoint, b.endpoint);
    a.send('on its way', link.bSeenByA);
    await waitUntil({ waitedFor: 'the packet', timeoutMs: 1000 }, () => proxy.scheduleStats().waiting || null);
    link.partition();
    await waitUntil({ waitedFor: 'the drop', timeoutMs: 1000 }, () => link.counters('a-to-b').partitioned || null);
    expect(b.got).toEqual([]);
  });

  it('follows a node that moves, and hands copies of what comes to a collector', async () => {
    const [a, b, later, collector] = await Promise.all([startNode(), startNode(), startNode(), startNode()]);
    const link = await startProxy().link(a.endpoint, b.endpoint);
    link.retarget('b', later.endpoint);
    link.handOverTo(collector.endpoint);
    link.impair({ corruptRatio: 1 });
    a.send('packet', link.bSeenByA);
    expect(await got(later, 1)).not.toEqual(['packet']);
    expect(await got(collector, 1)).toEqual(['packet']);
    expect(b.got).toEqual([]);
  });

  it('keeps delays at 5,000 packets a second', async () => {
    const [a, b, proxy] = [await startNode(), await startNode(), startProxy({ impairment: { delayMs: 50 } })];
    const link = await proxy.link(a.endpoint, b.endpoint);
    const startMs = performance.now();
    const sentAtMs: number[] = [];
    const timersLateMs: number[] = [];
    while (sentAtMs.length < 5000) {
      while (sentAtMs.length < Math.min(5000, (performance.now() - startMs) * 5)) {
        const [n, nowMs] = [sentAtMs.length, performance.now()];
        a.send(String(n), link.bSeenByA);
        sentAtMs.push(nowMs);
        setTimeout(() => {
          timersLateMs[n] = performance.now() - nowMs - 50;
        }, 50);
      }
      await sleep(1);
    }
    await got(b, 5000);
    const lateMs = b.got.map(({ text: n, atMs }) => atMs - (sentAtMs[Number(n)] ?? 0) - 50);
    expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0);
    // By stretches of 20 ms: as punctual as a timer is, which on a busy machine is not much.
    const stretchesOf = (ms: readonly number[]) =>
      Array.from({ length: 50 }, (_, i) => median(ms.slice(i * 100, i * 100 + 100)));
    const timers = stretchesOf(timersLateMs);
    const punctual = stretchesOf(lateMs).filter((late, i) => late < 2 + Math.max(0, timers[i] ?? 0));
    expect(punctual.length).toBeGreaterThan(25);
    expect(proxy.scheduleStats()).toMatchObject({ overflowed: 0, waiting: 0, done: 5000 });
  });

  it('refuses addresses beyond this machine, and links after its end', async () => {
    const proxy = startProxy();
    const here = { address: '127.0.0.1', port: 9 };
    const elsewhere = { address: '192.0.2.1', port: 9 };
    await expect(proxy.link(here, elsewhere)).rejects.toMatchObject({ code: 'not-loopback' });
    await expect(proxy.link(here, here, { bindB: elsewhere })).rejects.toMatchObject({ code: 'not-loopback' });
    const link = await proxy.link(here, here);
    for (const moves of [() => link.retarget('a', elsewhere), () => link.handOverTo(elsewhere)]) {
      expect(moves).toThrowError(expect.objectContaining({ code: 'not-loopback' }));
    }
    await proxy.stop();
    await expect(proxy.link(here, here)).rejects.toMatchObject({ code: 'proxy-stopped' });
  });
});

describe('a mesh through the impairment proxy', () => {
  it('joins every two nodes, and splits them into groups', async () => {
    const names = ['berlin', 'paris', 'rome'] as const;
    const nodes = { berlin: await startNode(), paris: await startNode(), rome: await startNode() };
    const mesh = await meshOf(startProxy(), {
      berlin: nodes.berlin.endpoint,
      paris: nodes.paris.endpoint,
      rome: nodes.rome.endpoint,
    });
    const everyoneCalls = () => {
      for (const from of names) {
        for (const to of names) if (from !== to) nodes[from].send(`${from} to ${to}`, mesh.address(from, to));
      }
    };
    everyoneCalls();
    for (const to of names) {
      const expected = names.filter((from) => from !== to).map((from) => `${from} to ${to}`);
      expect((await got(nodes[to], 2)).sort()).toEqual(expected);
    }

    for (const { got } of Object.values(nodes)) got.length = 0;
    mesh.split(['rome']);
    everyoneCalls();
    expect(await got(nodes.berlin, 1)).toEqual(['paris to berlin']);
    expect(await got(nodes.paris, 1)).toEqual(['berlin to paris']);
    const refused = () => mesh.link('rome', 'paris').counters('b-to-a').partitioned || null;
    await waitUntil({ waitedFor: 'the loss', timeoutMs: 1000 }, refused);
    expect(nodes.rome.got).toEqual([]);

    mesh.heal();
    nodes.rome.send('again', mesh.address('rome', 'paris'));
    expect(await got(nodes.paris, 2)).toContain('again');
    expect(() => mesh.address('rome', 'oslo')).toThrowError(expect.objectContaining({ code: 'no-such-link' }));
  });
});
