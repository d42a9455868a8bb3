import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../scripts/machine.ts';
import { VERSION } from '../../src/process/version.ts';
import { Container } from '../kit/container.ts';

/** What the Dockerfile makes: each of its steps is executed, and what comes of it runs. */

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const BUILD_TIMEOUT_MS = 400_000;

let container: Container;

beforeAll(async () => {
  container = await Container.build(REPOSITORY);
}, BUILD_TIMEOUT_MS);

afterAll(() => container?.remove());

it('has this version, with its profiles and the voice of its prompts, and nothing that only developers need', async () => {
  const version = container.start('--version');
  expect((await text(version.stdout as NodeJS.ReadableStream)).trim()).toBe(VERSION);
  const list = container.start('profile', 'list');
  expect(await text(list.stdout as NodeJS.ReadableStream)).toMatch(/^default .*conference/m);
  expect(await container.execute('espeak-ng', '--version')).toMatch(/^eSpeak NG/);
  const modules = await container.execute('ls', 'node_modules');
  expect(modules.split('\n')).toContain('commander');
  expect(modules.split('\n')).not.toContain('vitest');
});

it('starts a node whose health check says that Asterisk is away, and ends it when it is told to', async () => {
  await container.execute('sh', '-c', 'umask 077 && echo secret > /home/node/password');
  const url = `http://127.0.0.1:${await freePort('127.0.0.1')}`;
  const config = { asterisk: { url, passwordFile: '/home/node/password' }, profiles: '/rostrum/profiles' };
  await mkdir(container.pathOf('/etc/rostrum'), { recursive: true });
  await writeFile(container.pathOf('/etc/rostrum/rostrum.yaml'), stringify(config));
  const node = container.start(...container.command);
  const log = text(node.stderr as NodeJS.ReadableStream);
  const exited = once(node, 'exit');
  try {
    const health = () =>
      container.execute(...container.healthcheck).catch(({ code, stdout }) => `status ${code}\n${stdout}`);
    await expect.poll(health, { timeout: 30_000, interval: 500 }).toMatch(/^status 5\n.*^FAILURE asterisk: /ms);
  } finally {
    node.kill(container.stopSignal);
  }
  expect(await log).toContain('controller running');
  expect(await exited).toEqual([0, null]);
});
