import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiServer } from '../../src/api/server.ts';
import { socketPathForCommands } from '../../src/config/socket-path.ts';
import { checkOwner, checkServer } from '../../src/process/unix-socket.ts';
import { depsOf } from '../unit/api/conferences.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROFILES = fileURLToPath(new URL('../../profiles', import.meta.url));
const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const [OWNER, GROUP, MEMBER, STRANGER] = [12_001, 12_002, 12_003, 12_004];

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

  it.skipIf(!isRoot)('of another user is not trusted, but by root', async () => {
    const stranger = join(directory, 'stranger');
    await mkdir(stranger, { mode: 0o755 });
    await chown(stranger, 1, 1);
    await checkOwner(stranger, 0);
    await checkOwner(stranger, 1);
    await expect(checkOwner(stranger, 2)).rejects.toThrow('belongs to another user');
  });
});

/** As on a host where root has made the directory of the socket for the user of Rostrum. */
describe.skipIf(!isRoot)('commands of other users', () => {
  let server: ApiServer;
  let socket: string;
  let list: (uid: number, gid: number) => Promise<{ stdout: string }>;

  beforeAll(async () => {
    await chmod(directory, 0o755);
    const place = join(directory, 'run');
    socket = join(place, 'rostrum.sock');
    await mkdir(place);
    await chmod(place, 0o750);
    await chown(place, OWNER, GROUP);
    server = new ApiServer({ socketPath: socket }, depsOf(new Map()));
    await server.start();
    list = (uid, gid) => run(process.execPath, [MAIN, 'list', '--json', '--socket', socket], { uid, gid });
  });
  afterAll(() => server.stop());

  it('are those of the group that alone may enter the directory of the socket', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o660);
    expect(JSON.parse((await list(MEMBER, GROUP)).stdout)).toEqual([]);
    const stderr = expect.stringContaining('may not be used by this user');
    await expect(list(STRANGER, STRANGER)).rejects.toMatchObject({ code: 4, stderr });
  });

  it('go to no directory that another user than root can have made', async () => {
    await checkServer(join(directory, 'run'));
    await chown(directory, OWNER, GROUP);
    const asMember = { uid: MEMBER, gid: GROUP };
    const stderr = expect.stringContaining('belongs to another user');
    await expect(run(process.execPath, [MAIN, 'list', '--socket', socket], asMember)).rejects.toMatchObject({ stderr });
    await chown(directory, 0, 0);
  });

  it.each([
    ['everybody may enter it', 0o755],
    ['the group may write to it', 0o770],
  ])('are refused if %s', async (_, mode) => {
    await server.stop();
    await chmod(join(directory, 'run'), mode);
    server = new ApiServer({ socketPath: socket }, depsOf(new Map()));
    await server.start();
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
  });

  it('are refused if the user of the controller is not in the group, to whichever group the socket belongs', async () => {
    const place = join(directory, 'elsewhere');
    await mkdir(place);
    const path = join(place, 'rostrum.sock');
    await writeFile(path, '');
    await chown(path, OWNER, OWNER);
    await chown(place, OWNER, GROUP);
    await chmod(place, 0o750);
    const module = new URL('../../dist/process/unix-socket.js', import.meta.url).href;
    const script = `await (await import('${module}')).giveToGroup('${path}')`;
    const asOwner = { uid: OWNER, gid: OWNER };
    await run(process.execPath, ['--input-type=module', '--eval', script], asOwner);
    expect(await stat(path)).toMatchObject({ mode: 0o100600, gid: OWNER });
  });
});
