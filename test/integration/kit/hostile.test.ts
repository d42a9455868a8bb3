import { type ExecFileException, execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeCapture } from '../../kit/hostile/capture.ts';
import { hostileSource, nextHostilePacket } from '../../kit/hostile/hostile-packets.ts';
import { sendHostile } from '../../kit/hostile/hostile-sender.ts';
import { ImpairmentProxy } from '../../kit/impairment/udp-proxy.ts';
import { waitUntil } from '../../kit/phone/wait.ts';
import { boundSocket, closeSocket } from '../../kit/sip/udp.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/hostile', import.meta.url));

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

interface Target {
  readonly socket: Socket;
  readonly endpoint: { readonly address: string; readonly port: number };
  readonly got: { readonly hex: string; readonly port: number }[];
}

async function startTarget(): Promise<Target> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  await boundSocket(socket, { address: '127.0.0.1', port: 0 });
  ends.push(() => closeSocket(socket));
  const target: Target = { socket, endpoint: { address: '127.0.0.1', port: socket.address().port }, got: [] };
  socket.on('message', (bytes, { port }) => target.got.push({ hex: bytes.toString('hex'), port }));
  return target;
}

/** Where nobody listens, for now. */
async function freeEndpoint(): Promise<Target['endpoint']> {
  const socket = createSocket('udp4');
  await boundSocket(socket, { address: '127.0.0.1', port: 0 });
  const { port } = socket.address();
  await closeSocket(socket);
  return { address: '127.0.0.1', port };
}

function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(SCRIPT, args, { timeout: 30_000 }, (error: ExecFileException | null, out, err) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

async function allOf(target: Target, count: number): Promise<void> {
  const { got } = target;
  await waitUntil({ waitedFor: 'all packets', timeoutMs: 3000 }, () => (got.length >= count ? true : null));
}

describe('the sender of hostile packets', () => {
  it('sends what the generator makes, from several sockets, at the rate asked for', async () => {
    const target = await startTarget();
    const options = { target: target.endpoint, count: 300, packetsPerSecond: 1000, sockets: 3 };
    const report = await sendHostile(hostileSource({ seed: 4 }), options);
    await allOf(target, 300);
    const expected = hostileSource({ seed: 4 });
    const made = Array.from({ length: 300 }, () => nextHostilePacket(expected).bytes.toString('hex'));
    expect(target.got.map(({ hex }) => hex).sort()).toEqual(made.sort());
    expect(new Set(target.got.map(({ port }) => port)).size).toBe(3);
    expect(report).toMatchObject({ sent: 300, sendErrors: 0, droppedByKernel: 0 });
    expect(report.seconds).toBeGreaterThan(0.29);
    expect(Object.values(report.byKind).reduce((sum, one) => sum + one, 0)).toBe(300);
  });

  it('tells when the target does not read, or is not there', async () => {
    const small = createSocket({ type: 'udp4', recvBufferSize: 4096 });
    await boundSocket(small, { address: '127.0.0.1', port: 0 });
    ends.push(() => closeSocket(small));
    const options = { count: 500, packetsPerSecond: 0, sockets: 1 };
    const full = { address: '127.0.0.1', port: small.address().port };
    // Sockets are read only between turns of the event loop: all of a batch meets the small buffer.
    const dropped = await sendHostile(hostileSource({ seed: 1 }), { ...options, target: full });
    expect(dropped.droppedByKernel).toBeGreaterThan(100);
    const nobody = await sendHostile(hostileSource({ seed: 1 }), { ...options, target: await freeEndpoint() });
    expect(nobody.droppedByKernel).toBe(null);
  });

  it('sends nothing to other machines', async () => {
    const target = { address: '192.0.2.1', port: 5004 };
    await expect(
      sendHostile(hostileSource({ seed: 1 }), { target, count: 1, packetsPerSecond: 0, sockets: 1 }),
    ).rejects.toMatchObject({ code: 'not-loopback' });
  });
});

describe('./scripts/hostile', () => {
  it('replays a capture and reports as JSON', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-hostile-'));
    ends.push(() => rm(directory, { recursive: true }));
    const capture = join(directory, 'capture');
    await writeFile(capture, encodeCapture([Buffer.from('first'), Buffer.from('second')]));
    const target = await startTarget();
    const to = `127.0.0.1:${target.endpoint.port}`;
    const { status, out } = await run(to, '--count', '300', '--kinds', 'replayed', '--capture', capture, '--json');
    expect(JSON.parse(out)).toMatchObject({ seed: 1, sent: 300, byKind: { replayed: 300, random: 0 } });
    expect(status).toBe(0);
    await allOf(target, 300);
    const sent = new Set(target.got.map(({ hex }) => Buffer.from(hex, 'hex').toString()));
    expect(sent).toEqual(new Set(['first', 'second']));
  });

  it('spoils what a proxy hands over', async () => {
    const [a, b, listen] = [await startTarget(), await startTarget(), await freeEndpoint()];
    const proxy = new ImpairmentProxy({ seed: 1 });
    ends.push(() => proxy.stop());
    const link = await proxy.link(a.endpoint, b.endpoint);
    link.handOverTo(listen);
    const talking = setInterval(() => a.socket.send('secret', link.bSeenByA.port, link.bSeenByA.address), 10);
    ends.push(async () => clearInterval(talking));
    const target = await startTarget();
    const to = `127.0.0.1:${target.endpoint.port}`;
    const { status } = await run(to, '--count', '50', '--kinds', 'replayed', '--listen', `127.0.0.1:${listen.port}`);
    expect(status).toBe(0);
    await allOf(target, 50);
    expect(new Set(target.got.map(({ hex }) => Buffer.from(hex, 'hex').toString()))).toEqual(new Set(['secret']));
  });

  it('refuses targets beyond this machine', async () => {
    for (const target of ['192.0.2.1:5004', 'localhost:5004']) {
      const { status, err } = await run(target, '--count', '1');
      expect(status).toBe(1);
      expect(err).toContain('127.0.0.0/8');
    }
  });
});
