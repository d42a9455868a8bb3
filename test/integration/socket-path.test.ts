import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { socketPathForCommands } from '../../src/config/socket-path.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-sockets-'));
});
afterAll(() => rm(directory, { recursive: true }));

it('commands find the controller of their user before that of the system, unless they are told where it is', async () => {
  const [own, system] = [join(directory, 'rostrum/rostrum.sock'), join(directory, 'system.sock')];
  const env = { XDG_RUNTIME_DIR: directory };
  expect(socketPathForCommands(env, system)).toBe(own);
  await writeFile(system, '');
  expect(socketPathForCommands(env, system)).toBe(system);
  expect(socketPathForCommands({ ...env, ROSTRUM_SOCKET: '/elsewhere' }, system)).toBe('/elsewhere');
  await mkdir(join(directory, 'rostrum'));
  await writeFile(own, '');
  expect(socketPathForCommands(env, system)).toBe(own);
});
