import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConferenceView, MemberView } from '../../src/api/schemas.ts';
import { ApiServer } from '../../src/api/server.ts';
import { PLAIN_FLAGS } from '../../src/conference/model/flags.ts';
import { ControllerError } from '../../src/controller/errors/controller-error.ts';
import { conference, depsOf, member } from '../unit/api/conferences.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const ROSTRUM = [process.execPath, MAIN];

/** 5,000 members; the last one to join is a speaker, the one before has raised a hand. */
const crowd = Array.from({ length: 5000 }, (_, index) =>
  member(index + 1, {
    ...(index === 4999 && { flags: { ...PLAIN_FLAGS, speaker: true, mute: true } }),
    ...(index === 4998 && { handRaisedAtMs: 1 }),
  }),
);

let directory: string;
let server: ApiServer;
let env: NodeJS.ProcessEnv;
let isStarting = false;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-list-cli-'));
  const socketPath = join(directory, 'rostrum.sock');
  const { controller, ...deps } = depsOf(new Map([['3000', conference(crowd)]]));
  const requireReady = () => {
    if (isStarting) throw new ControllerError('starting', 'the controller is starting');
  };
  server = new ApiServer({ socketPath }, { ...deps, controller: { ...controller, requireReady } });
  await server.start();
  env = { ...process.env, ROSTRUM_SOCKET: socketPath };
});

afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const CTRL_C = '\x03';
const maxBuffer = 32 * 1024 * 1024;

async function rostrum(...words: string[]): Promise<string> {
  const [node = '', ...before] = ROSTRUM;
  return (await run(node, [...before, ...words], { env, maxBuffer })).stdout;
}

const json = async <T>(...words: string[]): Promise<T> => JSON.parse(await rostrum(...words, '--json'));

/** A command on a terminal of 30 rows. */
function onTerminal(...words: string[]): ChildProcessWithoutNullStreams {
  const line = [...ROSTRUM, ...words].map((word) => `'${word}'`).join(' ');
  // In the shell's place: Ctrl-C would reach a shell as well, and it would end as interrupted.
  const command = `stty rows 30 cols 120; exec ${line}`;
  return spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env });
}

/** What a terminal shows, line by line. */
async function linesOn({ stdout }: ChildProcessWithoutNullStreams): Promise<string[]> {
  return stripVTControlCharacters(await text(stdout))
    .trimEnd()
    .split('\r\n');
}

const firstWords = (lines: string[]) => lines.map((line) => line.trim().split(/ +/)[0]);

describe('a list of 5,000 members', () => {
  it('is a page on a terminal, with speakers and raised hands first, and says how to see more', async () => {
    const lines = await linesOn(onTerminal('show', '3000'));
    expect(lines[0]).toContain(': 5,000 members, 1 speaker');
    expect(firstWords(lines).slice(2, 7)).toEqual(['MEMBER', '5000', '4999', '1', '2']);
    expect(lines).toHaveLength(2 + 1 + 50 + 1);
    expect(lines.at(-1)).toBe('5,000 members, 1-50 shown, 4,950 more with --page 2 or a larger --limit');
    const next = await linesOn(onTerminal('show', 'members', '3000', '--page', '2', '--search', 'caller'));
    expect(firstWords(next).slice(0, 2)).toEqual(['MEMBER', '49']);
    expect(next.at(-1)).toMatch(/^5,000 members, 51-100 shown, /);
  });

  it('fits the terminal while it is watched', async () => {
    const terminal = onTerminal('show', '3000', '--watch');
    const closed = once(terminal, 'close');
    let seen = '';
    terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      seen += stripVTControlCharacters(chunk);
    });
    await expect.poll(() => seen).toContain('a larger --limit');
    terminal.stdin.write(CTRL_C);
    expect(await closed).toEqual([0, null]);
    expect(seen).toContain('5,000 members, 1-18 shown, 4,982 more with --page 2 or a larger --limit');
    expect(seen).not.toContain('…');
  });

  it('is all of it for programs, in order of joining, as it always was', async () => {
    const view = await json<ConferenceView>('show', '3000');
    expect(view.members.map(({ id }) => id)).toEqual(crowd.map(({ id }) => id));
    expect(view).toMatchObject({ total: 5000, matching: 5000 });
    expect(await json<MemberView[]>('show', 'members', '3000')).toEqual(view.members);
    expect(await json<MemberView[]>('show', 'hands', '3000')).toEqual([view.members[4998]]);
    expect((await rostrum('show', 'members', '3000')).split('\n')).toHaveLength(1 + 5000 + 1 + 1);
  });

  it('is filtered and paged for programs too', async () => {
    const found = await json<ConferenceView>('show', '3000', '--search', 'CALLER 49', '--limit', '3', '--page', '2');
    expect(found).toMatchObject({ total: 5000, matching: 111, members: [{ id: 492 }, { id: 493 }, { id: 494 }] });
    const muted = await json<MemberView[]>('show', 'members', '3000', '--role', 'speaker', '--muted');
    expect(muted).toMatchObject([{ id: 5000 }]);
    expect(await json('show', 'members', '3000', '--page', '101')).toEqual([]);
    expect(await json('list', '--search', '31')).toEqual([]);
  });
});

describe('while a controller is starting', () => {
  afterEach(() => {
    isStarting = false;
  });

  it('a command ends with status 4', async () => {
    isStarting = true;
    for (const words of [['list'], ['show', '3000'], ['lock', '3000']]) {
      const error = await rostrum(...words).catch((refusal) => refusal);
      expect(error).toMatchObject({ code: 4, stderr: 'rostrum: the controller is starting\n' });
    }
  });

  it('what is watched goes on', async () => {
    const [node = '', ...before] = ROSTRUM;
    const watching = spawn(node, [...before, 'list', '--watch'], { env });
    const closed = once(watching, 'close');
    let [seen, problems] = ['', ''];
    watching.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      seen += chunk;
    });
    watching.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      problems += chunk;
    });
    await expect.poll(() => seen, { timeout: 5000 }).toContain('3000');
    isStarting = true;
    await expect.poll(() => problems, { timeout: 5000 }).toBe('rostrum: the controller is starting\n');
    isStarting = false;
    await sleep(1500);
    watching.kill('SIGINT');
    expect(await closed).toEqual([0, null]);
  });
});

it.each([
  [['--limit', 'many'], 'whole number'],
  [['--page', '0'], 'whole number'],
  [['--role', 'chair'], 'Allowed choices are speaker, listener, admin'],
])('options that cannot be are refused with status 2: %j', async (options, message) => {
  const error = await rostrum('show', '3000', ...options).catch((refusal) => refusal);
  expect(error).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});
