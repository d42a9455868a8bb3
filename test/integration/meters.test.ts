import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MeterReport } from '../../src/relay/meters/meter-thread.ts';
import type { RtpAddress } from '../../src/relay/protocol/protocol.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = 160;
const IDS = ['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000002'] as const;

let worker: Worker;
let address: RtpAddress;
let levels: Map<string, number>;
let sockets: Socket[];

beforeEach(async () => {
  levels = new Map();
  sockets = [];
  worker = new Worker(new URL('../../dist/relay/meters/meter-worker.js', import.meta.url));
  const opened = new Promise<RtpAddress>((resolve) => {
    worker.on('message', (report: MeterReport) => {
      if (report.type === 'meters') return resolve(report.address);
      for (const { meter, levelDbov } of report.levels) levels.set(meter, levelDbov);
    });
  });
  address = await opened;
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await worker.terminate();
});

async function connected(): Promise<Socket> {
  const socket = connect(address.port, address.host);
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

function message(type: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, payload.length >> 8, payload.length & 0xff]), payload]);
}

/** Sends as Asterisk does, a square wave of this level, until the socket is closed. */
function speak(socket: Socket, id: string, levelDbov: number): Socket {
  socket.write(message(0x01, Buffer.from(id.replaceAll('-', ''), 'hex')));
  const amplitude = Math.round(32_768 * 10 ** (levelDbov / 20));
  const samples = Int16Array.from({ length: FRAME_SAMPLES }, (_, index) => (index % 2 ? amplitude : -amplitude));
  const frame = message(0x10, Buffer.from(samples.buffer));
  const timer = setInterval(() => socket.write(frame), FRAME_MS);
  socket.on('close', () => clearInterval(timer));
  return socket;
}

async function meter(id: string, levelDbov: number): Promise<Socket> {
  worker.postMessage({ expect: id });
  return speak(await connected(), id, levelDbov);
}

const levelOf = (id: string) => levels.get(id) ?? -999;
const levelNear = (id: string, levelDbov: number) =>
  expect.poll(() => Math.abs(levelOf(id) - levelDbov), { interval: 10 }).toBeLessThan(1);

describe("the relay's meters", () => {
  it('tell apart who sends, and how loud each is', async () => {
    await meter(IDS[0], -20);
    await meter(IDS[1], -40);
    await levelNear(IDS[0], -20);
    await levelNear(IDS[1], -40);
  });

  it('measure the connection that came last with the same id', async () => {
    const first = await meter(IDS[0], -20);
    await levelNear(IDS[0], -20);
    const closed = once(first, 'close');
    await meter(IDS[0], -40);
    await closed;
    await levelNear(IDS[0], -40);
  });

  it('close connections that are something else, and go on with the others', async () => {
    await meter(IDS[0], -20);
    const stranger = await connected();
    const closed = once(stranger, 'close');
    stranger.write('GET / HTTP/1.1\r\n\r\n');
    await closed;
    await (await connected()).destroy();
    await levelNear(IDS[0], -20);
  });

  it('measure only what is expected: strangers neither report a level nor take the room', async () => {
    const idle = await Promise.all(Array.from({ length: 1100 }, connected));
    await meter(IDS[0], -20);
    await levelNear(IDS[0], -20);
    // One id is not expected, and the other not any more.
    for (const id of IDS) await once(speak(await connected(), id, -5), 'close');
    await levelNear(IDS[0], -20);
    await expect.poll(() => idle.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(64);
    expect(levels.has(IDS[1])).toBe(false);
  });

  it('report nothing while nothing changes, but all again when they are asked to', async () => {
    await meter(IDS[0], -20);
    await levelNear(IDS[0], -20);
    levels.clear();
    await sleep(400);
    expect(levels.size).toBe(0);
    worker.postMessage('restate');
    await levelNear(IDS[0], -20);
  });
});
