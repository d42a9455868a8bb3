import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, format, transports } from 'winston';
import { readProfileFiles } from '../../src/config/read-profiles.ts';
import {
  SettingsStore,
  type SettingsStoreDeps,
  type SettingsStoreOptions,
} from '../../src/controller/settings-store.ts';
import type { ProfileFile } from '../../src/profiles/profile-file.ts';
import { resolveProfiles } from '../../src/profiles/profiles.ts';

let root: string;
let directory: string;
let store: SettingsStore;
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

function newStore(
  options: Partial<SettingsStoreOptions> = {},
  deps: Omit<SettingsStoreDeps, 'logger'> = {},
): SettingsStore {
  logged = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => logged.push(chunk.toString().trimEnd()));
  const line = format.printf(({ level, message }) => `${level}: ${message}`);
  const logger = createLogger({ level: 'info', format: line, transports: [new transports.Stream({ stream })] });
  const tablePath = join(root, 'conferences.yaml');
  return new SettingsStore({ directory, tablePath, ...QUICK, ...options }, { logger, ...deps });
}

const hall = (idleSeconds: number | string) => `kind: conference\nidleSeconds: ${idleSeconds}\n`;
const write = (name: string, text: string) => writeFile(join(directory, `${name}.yaml`), text);
const idleSeconds = () => store.current.profiles.conferences.get('hall')?.idleSeconds;
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
      'info: settings: conference profile hall changed: idleSeconds (at once), recording.automatic (from the next conference on)',
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
    expect(logged[0]).toMatch(/^error: settings: .*\n.*hall\.yaml:2:1: idleSeconds: /);
    await write('hall', hall(7));
    await becomes(7);
    expect(store.current.profiles.conferences.has('other')).toBe(true);
  });

  it('follow files that come and go', async () => {
    await store.start();
    const listener = vi.fn();
    store.onChange(listener);
    await write('annex', hall(5));
    await vi.waitFor(() => expect(store.current.profiles.conferences.has('annex')).toBe(true), SOON);
    await unlink(join(directory, 'annex.yaml'));
    await vi.waitFor(() => expect(store.current.profiles.conferences.has('annex')).toBe(false), SOON);
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
    expect(store.current.profiles.conferences.get('hall2999')?.idleSeconds).toBe(2);
    expect(delays.max / 1e6).toBeLessThan(Math.max(50, atOnceMs / 5));
  });
});

describe('the table of a running node', () => {
  const table = () => join(root, 'conferences.yaml');
  const entry = (members: number | string) =>
    `conferences:\n  "3000":\n    profile: hall\n    limits: {members: ${members}}\n`;
  const members = () => store.current.settingsFor('3000', 'hall')?.profile.limits.members;
  const membersBecome = (value: number) => vi.waitFor(() => expect(members()).toBe(value), SOON);

  it('is followed when it comes, and when it changes, which is logged with what is different', async () => {
    await store.start();
    expect(members()).toBe(10_000);
    await writeFile(table(), entry(5));
    await membersBecome(5);
    await writeFile(table(), `unlisted: refuse\n${entry(6)}`);
    await membersBecome(6);
    expect(logged).toEqual([
      'info: settings: conference 3000 of the table added',
      'info: settings: the table changed: unlisted (at once)',
      'info: settings: conference 3000 of the table changed: limits.members (at once)',
    ]);
  });

  it('stays as it is while there is a mistake in it, or while a profile that it needs is missing', async () => {
    await writeFile(table(), entry(5));
    await store.start();
    await writeFile(table(), entry('many'));
    await vi.waitFor(() => expect(store.problem).toMatch(/conferences\.yaml:4:14: 3000\.limits\.members: /), SOON);
    expect(members()).toBe(5);
    await writeFile(table(), entry(6));
    await membersBecome(6);
    expect(store.problem).toBeNull();
    await write('annex', hall(3));
    await unlink(join(directory, 'hall.yaml'));
    await vi.waitFor(() => expect(store.problem).toMatch(/conferences\.yaml:3:5: 3000\.profile: no conference/), SOON);
    expect(members()).toBe(6);
    expect(store.current.profiles.conferences.has('annex')).toBe(false);
  });

  it('is not forgotten where its file disappears', async () => {
    await writeFile(table(), `unlisted: refuse\n${entry(5)}`);
    await store.start();
    await unlink(table());
    await vi.waitFor(() => expect(store.problem).toContain('conferences.yaml: is not there any more'), SOON);
    expect(members()).toBe(5);
    expect(store.current.closed('4000', 0)).toEqual({ why: 'unlisted' });
    await writeFile(table(), entry(6));
    await membersBecome(6);
  });

  it('is not forgotten where its file disappears before another process takes over, however often one does', async () => {
    let good: object | null = null;
    const keepGood = (files: object) => {
      good = files;
    };
    const takesOver = async () => {
      store.stop();
      store = newStore({}, { keepGood, lastGood: async () => good });
      await store.start();
    };
    await writeFile(table(), `unlisted: refuse\n${entry(5)}`);
    await takesOver();
    await unlink(table());
    for (const _ of [1, 2]) {
      await takesOver();
      expect(store.problem).toContain('conferences.yaml: is not there any more');
      expect(members()).toBe(5);
      expect(store.current.closed('4000', 0)).toEqual({ why: 'unlisted' });
    }
    await writeFile(table(), entry(6));
    await membersBecome(6);
    expect(store.problem).toBeNull();
  });

  it('of 10,000 conferences is read, and read again, without holding up the process', async () => {
    const conference = (number: number, pin: number) =>
      `  "${number}":\n    profile: hall\n    access:\n      userPin: "${pin}"\n    limits:\n      members: 10\n      speakers: 2\n`;
    const numbers = Array.from({ length: 10_000 }, (_, index) => 30_000 + index);
    const text = (pin: number) => `conferences:\n${numbers.map((number) => conference(number, pin)).join('')}`;
    await writeFile(table(), text(1234));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await store.start();
    expect(store.current.settingsFor('39999', 'hall')?.profile.access.userPin).toBe('1234');
    await writeFile(table(), text(1234).replace('userPin: "1234"', 'userPin: "4321"'));
    await vi.waitFor(() => expect(store.current.settingsFor('30000', 'hall')?.profile.access.userPin).toBe('4321'), {
      timeout: 20_000,
      interval: 50,
    });
    delay.disable();
    expect(logged).toEqual(['info: settings: conference 30000 of the table changed: access.userPin (at once)']);
    expect(delay.percentile(99) / 1e6).toBeLessThan(100);
  }, 60_000);
});
