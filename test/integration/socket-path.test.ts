import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socketPathForCommands } from '../../src/config/socket-path.ts';
import { checkOwner } from '../../src/process/unix-socket.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROFILES = fileURLToPath(new URL('../../profiles', import.meta.url));
const run = promisify(execFile);

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

describe('the directory of a socket', () => {
  it('in which others may write is used by no controller and no command', async () => {
    const open = join(directory, 'open');
    await mkdir(open);
    await chmod(open, 0o777);
    const socket = join(open, 'rostrum.sock');
    const config = join(directory, 'rostrum.yaml');
    await writeFile(config, JSON.stringify({ api: { socket }, profiles: PROFILES }));
    const rostrum = (...args: string[]) =>
      run(process.execPath, [MAIN, ...args], { env: { ...process.env, ROSTRUM_ARI_PASSWORD: 'x' } });
    const stderr = expect.stringContaining(`${open} belongs to another user, or others may write to it`);
    await expect(rostrum('list', '--socket', socket)).rejects.toMatchObject({ code: 4, stderr });
    await expect(rostrum('controller', '--config', config)).rejects.toMatchObject({ code: 2, stderr });
  });

  it("is trusted if it is root's, our own, or one such as /tmp", async () => {
    const { uid } = await stat(directory);
    await checkOwner(directory, uid);
    await checkOwner('/', uid + 1);
    const sticky = join(directory, 'sticky');
    await mkdir(sticky);
    await chmod(sticky, 0o1777);
    await checkOwner(sticky, uid);
    const link = join(directory, 'link');
    await symlink(directory, link);
    await checkOwner(link, uid);
  });

  it.skipIf(process.getuid?.() !== 0)('of another user is not trusted, but by root', async () => {
    const stranger = join(directory, 'stranger');
    await mkdir(stranger, { mode: 0o755 });
    await chown(stranger, 1, 1);
    await checkOwner(stranger, 0);
    await checkOwner(stranger, 1);
    await expect(checkOwner(stranger, 2)).rejects.toThrow('belongs to another user');
  });
});
