import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogOutput } from '../../src/process/log-output.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROFILES = fileURLToPath(new URL('../../profiles', import.meta.url));

let directory: string;
const closing: (() => void)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-log-'));
});

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await rm(directory, { recursive: true });
});

describe('a log', () => {
  let fifo: string;
  const onWritable = vi.fn();

  beforeEach(() => {
    fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    onWritable.mockClear();
  });

  /** What can be read now; the descriptor stays open until `close`. */
  function reader(): { read: () => string; close: () => void } {
    const fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    let isOpen = true;
    const close = () => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    };
    closing.push(close);
    const read = () => {
      let text = '';
      const buffer = Buffer.alloc(1 << 20);
      try {
        for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer))
          text += buffer.toString('latin1', 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      return text;
    };
    return { read, close };
  }

  function writer(): LogOutput {
    const fd = openSync(fifo, constants.O_WRONLY);
    closing.push(() => closeSync(fd));
    return new LogOutput(onWritable, fd);
  }

  it('whose reader ends costs the line that could not be written, which is counted, and goes on with the next reader', async () => {
    const first = reader();
    const output = writer();
    output.write('one\n');
    await vi.waitFor(() => expect(first.read()).toBe('one\n'));
    first.close();
    output.write('two\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = reader();
    expect(onWritable).not.toHaveBeenCalled();
    output.write('three\n');
    await vi.waitFor(() => expect(onWritable.mock.calls).toEqual([[1, 'EPIPE']]));
    expect(second.read()).toBe('three\n');
  });

  it('whose reader reads nothing does not block, and goes on with what could wait when it is read again', async () => {
    const { read } = reader();
    const output = writer();
    const line = `${'x'.repeat(99)}\n`;
    const beganMs = performance.now();
    for (let count = 0; count < 30_000; count += 1) output.write(line);
    expect(performance.now() - beganMs).toBeLessThan(1000);
    let text = '';
    await vi.waitFor(
      () => {
        text += read();
        const [lost = 0, reason] = onWritable.mock.calls[0] ?? [];
        expect(reason).toBe('nothing reads the log');
        expect(text.length / line.length + lost).toBe(30_000);
      },
      { timeout: 10_000, interval: 5 },
    );
    expect(text.replaceAll(line, '')).toBe('');
  });
});

it('a node whose log goes to a full disk starts all the same, and ends when it is asked to', async () => {
  const sockets = { api: join(directory, 'api.sock'), relay: join(directory, 'relay.sock') };
  const config = join(directory, 'rostrum.yaml');
  const settings = { api: { socket: sockets.api }, relay: { socket: sockets.relay }, profiles: PROFILES };
  await writeFile(config, JSON.stringify({ ...settings, asterisk: { url: 'http://127.0.0.1:1' } }));
  const full = openSync('/dev/full', 'w');
  closing.push(() => closeSync(full));
  const node = spawn(process.execPath, [MAIN, 'start', '--config', config], {
    env: { ...process.env, ROSTRUM_ARI_PASSWORD: 'x', ROSTRUM_SOCKET: sockets.api },
    stdio: ['ignore', 'ignore', full],
  });
  const ended = once(node, 'exit');
  for (const path of Object.values(sockets)) await expect.poll(() => answers(path)).toBe(true);
  expect(node.exitCode).toBeNull();
  node.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
