import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
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
  const packed = await run('npm', ['pack', '--pack-destination', prefix, '--json'], { cwd: REPOSITORY });
  const [{ filename } = { filename: '' }] = JSON.parse(packed.stdout) as { filename: string }[];
  const install = ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', '--prefer-offline'];
  await run('npm', [...install, join(prefix, filename)]);
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
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(['pjsip.conf', 'extensions.conf', 'rostrum.service']));
});
