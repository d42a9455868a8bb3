import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeptOnDisk } from '../../src/process/kept-on-disk.ts';
import { recordOf } from '../../src/process/process-record.ts';

let directory: string;
const warn = vi.fn();
const logger = { warn } as never;
const CONFIGURATION = { 'rostrum.yaml': 'log: {}' };
const PROFILES = [{ name: 'default' }];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-kept-'));
  warn.mockClear();
});
afterEach(() => rm(directory, { recursive: true }));

const open = (node = '/etc/rostrum/rostrum.yaml') => KeptOnDisk.open({ directory, node });
const path = async () => join(directory, (await readdir(directory))[0] ?? '');

/** What a process has kept that has ended since. */
async function left(owner: object = { pid: 1, startTime: `${bootId()}/0` }): Promise<string> {
  const disk = await open();
  disk.set('configuration', CONFIGURATION, logger);
  disk.set('profiles', PROFILES, logger);
  await vi.waitFor(async () => expect(await readFile(await path(), 'utf8')).toContain('profiles'));
  const file = await path();
  expect(file).toMatch(/\.json$/);
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), owner }));
  return file;
}

const bootId = () => recordOf(process.pid)?.startTime.split('/')[0];
const valuesNow = async () => [...(await open()).values];

describe('what a process that was killed has had kept', () => {
  it('is there for the next one, only for its user, and only for the same node', async () => {
    const file = await left();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await valuesNow()).toEqual([
      ['configuration', CONFIGURATION],
      ['profiles', PROFILES],
    ]);
    expect([...(await open('/etc/rostrum/other.yaml')).values]).toEqual([]);
  });

  it('is gone when that one ends by itself', async () => {
    await left();
    await (await open()).remove();
    expect(await readdir(directory)).toEqual([]);
  });

  it('counts no more once the machine has been started again', async () => {
    await left({ pid: 1, startTime: 'another-boot/0' });
    expect(await valuesNow()).toEqual([]);
  });

  it('is left alone while the process runs', async () => {
    const other = spawn('sleep', ['60']);
    try {
      await vi.waitFor(() => expect(recordOf(other.pid ?? 0)).toBeDefined());
      const file = await left({ ...recordOf(other.pid ?? 0) });
      const before = await readFile(file, 'utf8');
      const disk = await open();
      expect([...disk.values]).toEqual([]);
      disk.set('configuration', {}, logger);
      await disk.remove();
      expect(await readFile(file, 'utf8')).toBe(before);
    } finally {
      other.kill();
      await once(other, 'exit');
    }
  });

  it.each([
    ['others can read', (file: string) => chmod(file, 0o644)],
    ['is no JSON', (file: string) => writeFile(file, '{')],
    ['is of another form', (file: string) => writeFile(file, '{"values": 1}')],
  ])('is not used where it %s', async (_, spoil) => {
    await spoil(await left());
    expect(await valuesNow()).toEqual([]);
  });

  it('is not read through a link', async () => {
    const file = await left();
    const elsewhere = join(directory, 'elsewhere');
    await writeFile(elsewhere, await readFile(file), { mode: 0o600 });
    await rm(file);
    await symlink(elsewhere, file);
    expect(await valuesNow()).toEqual([]);
  });
});

it('a directory in which nothing can be written is logged', async () => {
  const disk = await KeptOnDisk.open({ directory: '/dev/null/x', node: 'rostrum.yaml' });
  disk.set('configuration', CONFIGURATION, logger);
  await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1));
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('cannot be kept on disk: ENOTDIR'));
});
