import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, format, transports } from 'winston';
import { readProfileFiles } from '../../src/config/read-profiles.ts';
import { ProfileStore, type ProfileStoreOptions } from '../../src/controller/profile-store.ts';
import type { ProfileFile } from '../../src/profiles/profile-file.ts';
import { resolveProfiles } from '../../src/profiles/profiles.ts';

let root: string;
let directory: string;
let store: ProfileStore;
let logged: string[];

/** Quick enough for tests, and slow enough that the system's notices come first. */
const QUICK = { settleMs: 50, pollMs: 300 };
const SOON = { timeout: 3000, interval: 10 };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rostrum-store-'));
  directory = join(root, 'profiles');
  await mkdir(directory);
  await write('default-keys', 'kind: controls\nkeys: {"#": hangup}\n');
  await write('hall', hall(1));
  store = newStore();
});

afterEach(async () => {
  store.stop();
  await rm(root, { recursive: true, force: true });
});

function newStore(options: Partial<ProfileStoreOptions> = {}): ProfileStore {
  logged = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => logged.push(chunk.toString().trimEnd()));
  const line = format.printf(({ level, message }) => `${level}: ${message}`);
  const logger = createLogger({ level: 'info', format: line, transports: [new transports.Stream({ stream })] });
  return new ProfileStore({ directory, ...QUICK, ...options }, { logger });
}

const hall = (idleSeconds: number | string) => `kind: conference\nidleSeconds: ${idleSeconds}\n`;
const write = (name: string, text: string) => writeFile(join(directory, `${name}.yaml`), text);
const idleSeconds = () => store.current.conferences.get('hall')?.idleSeconds;
const becomes = (value: number) => vi.waitFor(() => expect(idleSeconds()).toBe(value), SOON);

describe('the profiles of a running node', () => {
  it('follow a change of a file, and those who listen are told once', async () => {
    await store.start();
    expect(idleSeconds()).toBe(1);
    const listener = vi.fn();
    store.onChange(listener);
    await write('hall', `${hall(2)}recording: {automatic: true}\n`);
    await becomes(2);
    const keys = [
      { key: 'idleSeconds', takesEffect: 'live' },
      { key: 'recording.automatic', takesEffect: 'next-conference' },
    ];
    const changes = [{ kind: 'conference', name: 'hall', change: 'changed', keys }];
    await sleep(500);
    expect(listener.mock.calls).toEqual([[store.current, { ok: true, changes }]]);
    expect(logged).toEqual([
      'info: profiles: conference profile hall changed: idleSeconds (at once), recording.automatic (from the next conference on)',
    ]);
  });

  it('follow an editor that writes another file and renames it', async () => {
    await store.start();
    for (const value of [2, 3, 4]) {
      await writeFile(join(directory, '.hall.yaml.swp'), hall(value));
      await rename(join(directory, 'hall.yaml'), join(directory, 'hall.yaml~'));
      await rename(join(directory, '.hall.yaml.swp'), join(directory, 'hall.yaml'));
      await becomes(value);
    }
  });

  it('stay as they are when a file becomes invalid, which is logged once, with its place', async () => {
    await store.start();
    const before = store.current;
    const listener = vi.fn();
    store.onChange(listener);
    await write('hall', hall('soon'));
    await vi.waitFor(() => expect(logged).toHaveLength(1), SOON);
    await write('other', hall(1));
    await sleep(1000);
    expect(store.current).toBe(before);
    expect(listener).not.toHaveBeenCalled();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/^error: profiles: .*\n.*hall\.yaml:2:1: idleSeconds: /);
    await write('hall', hall(7));
    await becomes(7);
    expect(store.current.conferences.has('other')).toBe(true);
  });

  it('follow files that come and go', async () => {
    await store.start();
    const listener = vi.fn();
    store.onChange(listener);
    await write('annex', hall(5));
    await vi.waitFor(() => expect(store.current.conferences.has('annex')).toBe(true), SOON);
    await unlink(join(directory, 'annex.yaml'));
    await vi.waitFor(() => expect(store.current.conferences.has('annex')).toBe(false), SOON);
    expect(listener.mock.calls.map(([, { changes }]) => changes)).toEqual([
      [{ kind: 'conference', name: 'annex', change: 'added', keys: [] }],
      [{ kind: 'conference', name: 'annex', change: 'removed', keys: [] }],
    ]);
  });

  it('follow a directory that is moved away and replaced, and the new one after that', async () => {
    await store.start();
    await rename(directory, join(root, 'old'));
    await vi.waitFor(() => expect(logged.join()).toContain('cannot be read (ENOENT)'), SOON);
    expect(idleSeconds()).toBe(1);
    await mkdir(directory);
    await write('default-keys', 'kind: controls\n');
    await write('hall', hall(2));
    await becomes(2);
    // No later than by the look that every pollMs takes, so by a notice.
    await sleep(QUICK.pollMs * 2);
    await write('hall', hall(3));
    await becomes(3);
  });

  it('follow a directory that is a link to others, of which no notice comes', async () => {
    await rename(directory, join(root, 'one'));
    await symlink('one', directory);
    await mkdir(join(root, 'two'));
    await writeFile(join(root, 'two/default-keys.yaml'), 'kind: controls\n');
    await writeFile(join(root, 'two/hall.yaml'), hall(9));
    await store.start();
    expect(idleSeconds()).toBe(1);
    await symlink('two', join(root, 'next'));
    await rename(join(root, 'next'), directory);
    await becomes(9);
  });

  it('are read again on demand, in order, and each request gets all changes', async () => {
    store = newStore({ settleMs: 60_000, pollMs: 60_000 });
    await store.start();
    expect(await store.reload()).toEqual({ ok: true, changes: [] });
    await write('hall', hall('soon'));
    const problems = [expect.objectContaining({ line: 2, column: 1, path: 'idleSeconds' })];
    expect(await store.reload()).toEqual({ ok: false, problems });
    expect(await store.reload()).toEqual({ ok: false, problems });
    expect(logged).toHaveLength(2);
    expect(idleSeconds()).toBe(1);
    await write('hall', hall(4));
    const results = await Promise.all([store.reload(), store.reload(), store.reload()]);
    expect(results.map((result) => result.ok && result.changes.length)).toEqual([1, 0, 0]);
    expect(idleSeconds()).toBe(4);
  });

  it('are passed on to the others when one who listens fails', async () => {
    await store.start();
    const listener = vi.fn();
    store.onChange(() => {
      throw new Error('broken');
    });
    const end = store.onChange(listener);
    await write('hall', hall(2));
    await store.reload();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(logged.join()).toContain('broken');
    end();
    await write('hall', hall(3));
    await store.reload();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('are not watched before the start, after the stop, or if they were wrong at the start', async () => {
    await store.reload();
    await write('hall', hall(2));
    await sleep(600);
    expect(idleSeconds()).toBe(1);
    await store.start();
    await store.start();
    expect(idleSeconds()).toBe(2);
    store.stop();
    store.stop();
    await write('hall', hall('soon'));
    await sleep(600);
    expect(logged.join()).not.toContain('mistakes');
    await expect(store.start()).rejects.toMatchObject({ code: 'invalid-configuration' });
    await write('hall', hall(3));
    await sleep(600);
    expect(idleSeconds()).toBe(2);
    await store.start();
    await becomes(3);
  });
});

describe('3,000 profiles', () => {
  it('are read and compared without holding up the process', async () => {
    const files = Array.from({ length: 3000 }, (_, index) => `hall${index}`);
    for (const name of files) await write(name, 'kind: conference\nextends: hall\nflags: [+mute]\n');
    const { files: read } = (await readProfileFiles(directory)) as { files: ProfileFile[] };
    const startMs = performance.now();
    resolveProfiles(read);
    const atOnceMs = performance.now() - startMs;

    await store.start();
    await write('hall', hall(2));
    const delays = monitorEventLoopDelay({ resolution: 5 });
    delays.enable();
    const result = await store.reload();
    delays.disable();
    expect(result).toMatchObject({ ok: true });
    expect(store.current.conferences.get('hall2999')?.idleSeconds).toBe(2);
    expect(delays.max / 1e6).toBeLessThan(Math.max(50, atOnceMs / 5));
  });
});
