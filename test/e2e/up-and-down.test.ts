import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConferenceSummary, ConferenceView, NodeView } from '../../src/api/schemas.ts';
import { ownAddress } from '../kit/loopback.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

let directory: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-up-'));
  env = { ...process.env, XDG_STATE_HOME: directory, ROSTRUM_SOCKET: join(directory, 'rostrum.sock') };
});

afterAll(async () => {
  await script('down');
  await rm(directory, { recursive: true, force: true });
});

const script = (name: string, ...args: string[]) => run(join(REPOSITORY, 'scripts', name), args, { env });
const rostrum = async <T>(...args: string[]): Promise<T> =>
  JSON.parse((await run(process.execPath, [join(REPOSITORY, 'dist/cli/main.js'), ...args, '--json'], { env })).stdout);

/** Processes whose command line names our directory. */
async function processes(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(directory));
}

it('up runs a node with a demo that is heard, and down leaves nothing of it', async () => {
  const address = ownAddress();
  const { stdout } = await script('up', '--detach', '--demo', '--bind', address);
  expect(stdout).toContain(`sip:3000@${address}`);
  expect(stdout.match(/listener \d+ hears the speaker/g)).toHaveLength(10);

  const list = await rostrum<ConferenceSummary[]>('list');
  expect(list).toMatchObject([{ name: '3000', members: 11, speakers: 1 }]);
  const { members } = await rostrum<ConferenceView>('show', '3000');
  expect(members.map(({ role }) => role).sort()).toEqual([...Array(10).fill('listener'), 'speaker']);

  expect((await script('up', '--detach')).stdout).toContain('already running');

  await downLeavesNothing();
});

it('up runs several nodes as one cluster whose demo is heard everywhere, and starts one that died again', async () => {
  const address = ownAddress();
  const { stdout } = await script('up', '--nodes', '3', '--detach', '--demo', '--bind', address);
  expect(stdout).toContain(`sip:3000@${address}`);
  const lines = stdout.split('\n').filter((line) => /^listener \d of node\d/.test(line));
  expect(lines).toHaveLength(9);
  for (const line of lines) expect(line).toMatch(/ hears node1 .* hears node2 .* hears node3 /);

  const socket = join(directory, 'rostrum/node3/rostrum.sock');
  expect(stdout).toContain(`--socket ${socket}`);
  const seenBy = async (...args: string[]) =>
    (await rostrum<NodeView[]>('nodes', ...args)).map(({ id, state }) => `${id} ${state}`).sort();
  expect(await seenBy()).toEqual(['node1 self', 'node2 up', 'node3 up']);
  expect(await seenBy('--socket', socket)).toEqual(['node1 up', 'node2 up', 'node3 self']);
  const list = await rostrum<ConferenceSummary[]>('list', '--socket', socket);
  expect(list).toMatchObject([{ name: '3000', members: 12, speakers: 3 }]);

  const record = await readFile(join(directory, 'rostrum/node2/rostrum.json'), 'utf8');
  process.kill((JSON.parse(record) as { pid: number }).pid, 'SIGKILL');
  expect((await script('up', '--detach')).stdout).toContain('started again: node2');
  expect(await seenBy()).toEqual(['node1 self', 'node2 up', 'node3 up']);

  await downLeavesNothing();
});

async function downLeavesNothing(): Promise<void> {
  expect(await processes()).not.toEqual([]);
  await script('down');
  expect(await processes()).toEqual([]);
  const left = await readdir(directory, { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isSocket()).map(({ name }) => name)).toEqual([]);
}
