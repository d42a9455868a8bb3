import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { openUdp } from '../../../src/udp/open-udp.ts';
import { ringWaker, type Udp } from '../../../src/udp/udp.ts';
import type { Opened, Polled } from './polling-worker.ts';
import { Receiving } from './receiving.ts';

const TSX = new URL('../../../node_modules/tsx/dist/esm/api/index.mjs', import.meta.url).href;
const OPEN_UDP = new URL('../../../src/udp/open-udp.ts', import.meta.url).href;
const WORKER = new URL('./polling-worker.ts', import.meta.url).href;
const HOST = '127.0.0.1';
const TEXT = Buffer.from('hello');

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(options: Parameters<typeof openUdp>[0]): Promise<Udp> {
  const udp = await openUdp(options);
  closing.push(() => udp.close());
  return udp;
}

async function startWorker(): Promise<{ worker: Worker; port: number; waker: number; polled: Polled[] }> {
  const program = `import { register } from '${TSX}'; register(); await import('${WORKER}');`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  const [{ port, waker }] = (await once(worker, 'message')) as [Opened];
  if (waker === null) throw new Error('a waker is needed');
  let isAlive = true;
  worker.once('exit', () => {
    isAlive = false;
  });
  closing.push(async () => {
    if (!isAlive) return;
    const ended = worker.terminate();
    ringWaker(waker);
    await ended;
  });
  const polled: Polled[] = [];
  worker.on('message', (message: Polled) => polled.push(message));
  return { worker, port, waker, polled };
}

describe('a thread that waits for packets through libc', () => {
  it('is woken by another thread, once for each time', async () => {
    const { waker, polled } = await startWorker();
    await sleep(50);
    expect(polled).toEqual([]);
    ringWaker(waker);
    await expect.poll(() => polled, { timeout: 2000 }).toEqual([{ packets: 0 }]);
    await sleep(50);
    expect(polled).toHaveLength(1);
    ringWaker(waker);
    await expect.poll(() => polled, { timeout: 2000 }).toEqual([{ packets: 0 }, { packets: 0 }]);
  });

  it('is woken by a packet', async () => {
    const { port, polled } = await startWorker();
    const udp = await open({ driver: 'libc' });
    const socket = await udp.open({ host: HOST, port: 0 }, () => {});
    socket.sendTo(TEXT, TEXT.length, udp.peer(HOST, port));
    await expect.poll(() => polled, { timeout: 2000 }).toEqual([{ packets: 1 }]);
  });

  it('leaves its port to others when it dies', async () => {
    const { worker, port, waker } = await startWorker();
    const udp = await open({ driver: 'libc' });
    await expect(udp.open({ host: HOST, port }, () => {})).rejects.toMatchObject({ code: 'EADDRINUSE' });
    worker.postMessage('die');
    ringWaker(waker);
    const [error] = await once(worker, 'error');
    expect(error).toMatchObject({ message: 'told to die' });
    await once(worker, 'exit');
    expect((await udp.open({ host: HOST, port }, () => {})).port).toBe(port);
  });
});

describe('polling through libc', () => {
  it('waits no longer than it is told', async () => {
    const udp = await open({ driver: 'libc' });
    await udp.open({ host: HOST, port: 0 }, () => {});
    const startMs = performance.now();
    expect(udp.poll(20)).toBe(0);
    const waitedMs = performance.now() - startMs;
    expect(waitedMs).toBeGreaterThanOrEqual(19);
    expect(waitedMs).toBeLessThan(200);
    for (const waitMs of [0, -1, Number.NaN]) expect(udp.poll(waitMs)).toBe(0);
    expect(performance.now() - startMs - waitedMs).toBeLessThan(15);
  });

  it('hands over all that has come, but of a flooded socket only so much that the others have their turn', async () => {
    const all = await Receiving.start('libc');
    const sender = await all.open();
    const [flooded, quiet] = [await all.open({ receiveBufferBytes: 200_000 }), await all.open()];
    for (let sent = 0; sent < 100; sent++) all.send(sender.socket, 'flood', flooded.socket);
    for (let sent = 0; sent < 3; sent++) all.send(sender.socket, 'quiet', quiet.socket);
    expect(all.udp.poll(100)).toBe(35);
    expect(flooded.packets).toHaveLength(32);
    expect(quiet.packets).toHaveLength(3);
    while (all.udp.poll(0) > 0);
    expect(flooded.packets).toHaveLength(100);
  });

  it('hands packets of deferred sockets over together, and is not woken by each', async () => {
    const udp = await open({ driver: 'libc' });
    const arrivals: number[] = [];
    const socket = await udp.open({ host: HOST, port: 0 }, () => arrivals.push(performance.now()));
    const to = udp.peer(HOST, socket.port);
    socket.setDeferred(true);
    udp.poll(0);
    for (let sent = 0; sent < 3; sent++) socket.sendTo(TEXT, TEXT.length, to);
    const startMs = performance.now();
    while (arrivals.length === 0) udp.poll(1000);
    expect(arrivals).toHaveLength(3);
    // It waited although there were packets, and longer than 20 ms only where the machine was busy.
    expect((arrivals[0] ?? 0) - startMs).toBeGreaterThan(5);
    socket.setDeferred(false);
    socket.sendTo(TEXT, TEXT.length, to);
    expect(udp.poll(1000)).toBe(1);
    socket.setDeferred(true);
    socket.close();
    expect(udp.poll(0)).toBe(0);
  });

  it('goes on after a handler that failed, and a handler cannot poll itself', async () => {
    const udp = await open({ driver: 'libc' });
    let packets = 0;
    const socket = await udp.open({ host: HOST, port: 0 }, () => {
      packets += 1;
      expect(udp.poll(1000)).toBe(0);
      if (packets === 1) throw new Error('by the handler');
    });
    for (let sent = 0; sent < 3; sent++) socket.sendTo(TEXT, TEXT.length, udp.peer(HOST, socket.port));
    expect(() => udp.poll(100)).toThrow('by the handler');
    expect(udp.poll(100)).toBe(2);
    expect(packets).toBe(3);
  });

  it('marks packets for routers', async () => {
    const all = await Receiving.start('libc');
    const receiver = await all.open();
    // Lets only packets through whose second byte, the TOS of RFC 791, is expedited forwarding.
    receiver.socket.setFilter([
      { code: 0x30, operand: 0xfff0_0001, skipIfTrue: 0, skipIfFalse: 0 },
      { code: 0x15, operand: 46 << 2, skipIfTrue: 1, skipIfFalse: 0 },
      { code: 0x06, operand: 0, skipIfTrue: 0, skipIfFalse: 0 },
      { code: 0x06, operand: 0xffff, skipIfTrue: 0, skipIfFalse: 0 },
    ]);
    const [marked, unmarked] = [await all.open({ dscp: 46 }), await all.open()];
    all.send(unmarked.socket, 'unmarked', receiver.socket);
    const expected = all.send(marked.socket, 'marked', receiver.socket);
    await all.settle();
    expect(receiver.packets).toEqual([expected]);
  });
});

describe.each(['libc', 'dgram'] as const)('the event loop through %s', (driver) => {
  it('hands packets over without anybody who polls', async () => {
    const udp = await open({ driver, eventLoop: true });
    const packets: string[] = [];
    const socket = await udp.open({ host: HOST, port: 0 }, (packet) => packets.push(packet.toString()));
    for (let sent = 0; sent < 100; sent++) socket.sendTo(TEXT, TEXT.length, udp.peer(HOST, socket.port));
    await expect.poll(() => packets).toHaveLength(100);
  });
});

describe('the event loop of a worker thread', () => {
  it('has packets through dgram, since koffi does not survive the end of such a thread', async () => {
    const program = `
      import { register } from '${TSX}';
      import { parentPort } from 'node:worker_threads';
      register();
      const { openUdp } = await import('${OPEN_UDP}');
      const { driver, fallbackReason } = await openUdp({ eventLoop: true });
      const error = await openUdp({ driver: 'libc', eventLoop: true }).catch(({ code }) => code);
      parentPort.postMessage({ driver, fallbackReason, error });
      setInterval(() => {}, 1000);
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    closing.push(() => worker.terminate());
    const fallbackReason = 'not in the event loop of a worker thread';
    expect(await once(worker, 'message')).toEqual([{ driver: 'dgram', fallbackReason, error: 'ENOTSUP' }]);
  });
});
