import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VERSION } from '../../src/process/version.ts';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const INSTALL_TIMEOUT_MS = 300_000;

let prefix: string;
const rostrum = async (...words: string[]) => (await run(join(prefix, 'bin/rostrum'), words, { cwd: prefix })).stdout;

beforeAll(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'rostrum-npm-'));
  const { stdout } = await run(join(REPOSITORY, 'scripts/package'), [prefix]);
  const install = ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', '--offline'];
  await run('npm', [...install, stdout.split('\n')[0] ?? '']);
}, INSTALL_TIMEOUT_MS);

afterAll(() => rm(prefix, { recursive: true, force: true }));

it('the package of npm, installed anywhere, is this version', async () => {
  expect((await rostrum('--version')).trim()).toBe(VERSION);
});

it('the package of npm has profiles that are right, and the configuration of Asterisk', async () => {
  const installed = join(prefix, 'lib/node_modules/rostrum');
  expect(await rostrum('profile', 'list', join(installed, 'profiles'))).toMatch(/^default .*conference/m);
  await rostrum('profile', 'check', join(installed, 'profiles'));
  const { stdout } = await run('ls', ['-R', join(installed, 'asterisk-config')]);
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(['pjsip.conf', 'extensions.conf']));
});

it('the package of npm brings what it needs in the versions of package-lock.json, overrides included', async () => {
  const lock = JSON.parse(await readFile(join(REPOSITORY, 'package-lock.json'), 'utf8')) as Lock;
  const locked = Object.entries(lock.packages).map(([path, { name, version }]) => `${name ?? nameIn(path)}@${version}`);
  const installed = join(prefix, 'lib/node_modules/rostrum/node_modules');
  const { stdout } = await run('find', [installed, '-path', '*/node_modules/*/package.json']);
  const manifests = stdout.split('\n').filter((path) => /node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(path));
  const found = await Promise.all(manifests.map((path) => readFile(path, 'utf8').then((text) => JSON.parse(text))));
  const versions = found.map(({ name, version }: { name: string; version: string }) => `${name}@${version}`);
  expect(versions.filter((version) => !locked.includes(version))).toEqual([]);
  expect(versions).toContainEqual(expect.stringMatching(/^@cypress\/request@/));
  expect(versions).toContainEqual(expect.stringMatching(/^koffi@/));
});

type Lock = { packages: Record<string, { name?: string; version: string }> };

function nameIn(path: string): string {
  return path.split('node_modules/').at(-1) ?? '';
}
