import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { AsteriskFiles, type AsteriskFilesDeps } from '../../src/controller/asterisk/asterisk-files.ts';
import { countOpenFiles } from '../../src/process/open-files.ts';

const SERVE = `require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;
/** As base/open-files.ts has them, where there are few. */
const RESERVED = 100;
const PER_CALL = 5;

let server: ChildProcess | null = null;
let files: AsteriskFiles | null = null;
afterEach(async () => {
  files?.stop();
  if (server) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  server = null;
});

/** What ARI tells. */
const ari = (told: Partial<AsteriskFilesDeps['ari']>): AsteriskFilesDeps['ari'] => ({
  readMaxFiles: async () => null,
  channelsIn: async () => [],
  ...told,
});

async function look(url: string, told: Partial<AsteriskFilesDeps['ari']> = {}): Promise<AsteriskFiles> {
  files = new AsteriskFiles({ url, application: 'rostrum' }, { ari: ari(told), logger: { debug: () => {} } as never });
  await files.start();
  return files;
}

/** A URL at which nothing listens. */
async function nowhere(): Promise<string> {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const address = socket.address();
  socket.close();
  await once(socket, 'close');
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

it('there is room for as many calls as the process that serves ARI has files left, whatever it is configured for', async () => {
  const child = spawn('prlimit', ['--nofile=300', process.execPath, '-e', SERVE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server = child;
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const room = await look(`http://127.0.0.1:${port.toString().trim()}`, { readMaxFiles: async () => 200_000 });
  const open = (await countOpenFiles(child.pid ?? 0)) ?? 0;
  expect(open).toBeGreaterThan(3);
  const calls = Math.floor((300 - RESERVED - open) / PER_CALL);
  expect(room.calls).toBe(calls);
  // Until the next look.
  room.callCame();
  expect(room.calls).toBe(calls - 1);
});

it('where the process is not seen, the configured number counts, and five for each channel', async () => {
  const url = await nowhere();
  const channels = Array.from({ length: 20 }, (_, index) => `channel-${index}`);
  const room = await look(url, { readMaxFiles: async () => 1000, channelsIn: async () => channels });
  expect(room.calls).toBe((1000 - RESERVED - 20 * PER_CALL) / PER_CALL);
});

it('where nothing is known there is no limit', async () => {
  const url = await nowhere();
  expect((await look(url)).calls).toBeNull();
  files?.stop();
  const unreachable = { readMaxFiles: () => Promise.reject(new Error('unreachable')) };
  expect((await look(url, unreachable)).calls).toBeNull();
});

it('a call that comes while Asterisk is looked at counts, until the next look', async () => {
  let answer = (_channels: never[]): void => {};
  let looks = 0;
  const channelsIn = () => {
    looks += 1;
    return looks === 1 ? Promise.resolve([]) : new Promise<never[]>((resolve) => (answer = resolve));
  };
  const room = await look(await nowhere(), { readMaxFiles: async () => 200, channelsIn });
  const calls = (200 - RESERVED) / PER_CALL;
  room.callCame();
  await expect.poll(() => looks).toBe(2);
  room.callCame();
  expect(room.calls).toBe(calls - 2);
  answer([]);
  await expect.poll(() => room.calls).toBe(calls - 1);
});
