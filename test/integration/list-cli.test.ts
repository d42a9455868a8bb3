import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConferenceView, MemberView } from '../../src/api/schemas.ts';
import { PLAIN_FLAGS } from '../../src/conference/model/flags.ts';
import type { HeldConferences } from '../../src/controller/cluster/cluster-reports.ts';
import { ControllerError } from '../../src/controller/errors/controller-error.ts';
import { type ApiAlone, startApi } from '../kit/api-alone.ts';
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

const conferences = new Map([['3000', conference(crowd)]]);

/** 100 conferences 4000 that have ended, the newest first; three of them in each minute. */
const held: HeldConferences = {
  conferences: Array.from({ length: 100 }, (_, index) => {
    const startedAt = new Date(2026, 0, 5, 10, 0, -20 * index).toISOString();
    return { conference: '4000', startedAt, endedAt: startedAt, runs: [] };
  }),
  hasOlder: true,
  missing: [{ node: 'oslo', reason: 'it is gone' }],
  gaps: [],
};

let api: ApiAlone;
let isStarting = false;

beforeAll(async () => {
  const { controller, ...deps } = depsOf(conferences);
  const requireReady = () => {
    if (isStarting) throw new ControllerError('starting', 'the controller is starting');
  };
  const records = { reports: { ...deps.reports, conferences: async () => held } };
  api = await startApi({ ...deps, ...records, controller: { ...controller, requireReady } });
});

afterAll(() => api.stop());

const CTRL_C = '\x03';
const maxBuffer = 32 * 1024 * 1024;

async function rostrum(...words: string[]): Promise<string> {
  const [node = '', ...before] = ROSTRUM;
  return (await run(node, [...before, ...words], { maxBuffer })).stdout;
}

const json = async <T>(...words: string[]): Promise<T> => JSON.parse(await rostrum(...words, '--json'));

/** A command on a terminal of 30 rows. */
function onTerminal(...words: string[]): ChildProcessWithoutNullStreams {
  return terminal(`exec ${lineOf(words)}`);
}

function terminal(script: string, rows = 30): ChildProcessWithoutNullStreams {
  const command = `stty rows ${rows} cols 120; ${script}`;
  return spawn('script', ['--quiet', '--return', '--command', command, '/dev/null']);
}

const lineOf = (words: string[]) => [...ROSTRUM, ...words].map((word) => `'${word}'`).join(' ');

/** A command on a terminal that is watched. When it has ended, the terminal says how it is set. */
function watched(...words: string[]) {
  return watching(terminal(`${lineOf(words)} --watch </dev/tty & echo "pid $!"; wait $!; echo "status $?"; stty -a`));
}

function watching(child: ChildProcessWithoutNullStreams) {
  const closed = once(child, 'close');
  let [raw, seen] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    raw += chunk;
    seen += stripVTControlCharacters(chunk);
  });
  return {
    press: (keys: string) => child.stdin.write(keys),
    pid: () => Number(/^pid (\d+)/m.exec(seen)?.[1]),
    toShow: (text: string) => expect.poll(() => seen).toContain(text),
    /** The lines of the last whole screen. */
    lastDrawn: async () => {
      const whole = raw.slice(0, raw.lastIndexOf(CLEAR_BELOW));
      return stripVTControlCharacters(whole.slice(whole.lastIndexOf(HOME)))
        .trimEnd()
        .split('\r\n');
    },
    /** All that has been seen, without what moves the cursor. */
    end: async () => {
      await closed;
      return { raw, seen };
    },
  };
}

const HOME = '\x1b[H';
const CLEAR_BELOW = '\x1b[J';
const SHOW_CURSOR = '\x1b[?25h';

/** The lines that a terminal shows. */
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
    const screen = watched('show', '3000');
    await screen.toShow('5,000 members, 1-25 shown, more with the arrow keys and PgDn');
    screen.press(CTRL_C);
    const { seen } = await screen.end();
    expect(seen).toContain('status 0');
    expect(seen).not.toContain('…');
  });

  it('is scrolled with keys while it is watched', async () => {
    const screen = watched('show', 'members', '3000', '--sort', 'joined');
    await screen.toShow('5,000 members, 1-27 shown');
    screen.press('\x1b[B');
    await screen.toShow('5,000 members, 2-28 shown');
    screen.press('\x1b[6~');
    await screen.toShow('5,000 members, 29-55 shown');
    screen.press('\x1b[F');
    await screen.toShow('5,000 members, 4,974-5,000 shown');
    screen.press('\x1b[A\x1b[A\x1b[A');
    await screen.toShow('5,000 members, 4,971-4,997 shown');
    screen.press('\x1b[H\x1b[B\x1b[B\x1b[B');
    await screen.toShow('5,000 members, 4-30 shown');
    screen.press('q');
    const { seen } = await screen.end();
    expect(seen.split('5,000 members, 4-30 shown')[0]).toMatch(/\n +30 [^\n]*\n$/);
  });

  it('is scrolled line by line where no member fits below the conference', async () => {
    const screen = watching(terminal(`exec ${lineOf(['show', '3000', '--watch'])}`, 5));
    await screen.toShow('… 5001 more');
    const heads = async () => (await screen.lastDrawn()).map((line) => line.trim().split(/ +/)[0]);
    expect((await heads())[0]).toBe('conference');
    screen.press('\x1b[6~');
    await screen.toShow('… 4998 more');
    expect(await heads()).toEqual(['5000', '4999', '1', '…']);
    screen.press('\x1b[6~');
    await screen.toShow('… 4995 more');
    expect(await heads()).toEqual(['2', '3', '4', '…']);
    screen.press('\x1b[F');
    await screen.toShow('4998');
    screen.press('q');
    await screen.end();
  });

  it('goes on after Ctrl-Z where no shell could continue it', async () => {
    const screen = watched('show', 'members', '3000', '--sort', 'joined');
    await screen.toShow('5,000 members, 1-27 shown');
    screen.press('\x1a');
    screen.press('\x1b[B');
    await screen.toShow('5,000 members, 2-28 shown');
    screen.press('q');
    const { raw } = await screen.end();
    expect(raw.split(SHOW_CURSOR)).toHaveLength(3);
  });

  it('is put aside with Ctrl-Z, and drawn again when the shell continues it', async () => {
    const line = lineOf(['show', 'members', '3000', '--sort', 'joined', '--watch']);
    const shell = `set -m; ${line}; echo "put aside $?"; stty -a; read go; echo "go on"; fg; echo "status $?"; stty -a`;
    const screen = watching(terminal(`exec bash -c '${shell.replaceAll("'", "'\\''")}'`));
    await screen.toShow('5,000 members, 1-27 shown');
    screen.press('\x1b[B');
    await screen.toShow('5,000 members, 2-28 shown');
    screen.press('\x1a');
    await screen.toShow('put aside 148');
    await screen.toShow('cs8');
    screen.press('\n');
    await screen.toShow('go on');
    screen.press('\x1b[B');
    await screen.toShow('5,000 members, 3-29 shown');
    screen.press('q');
    await screen.toShow('status 0');
    const { seen } = await screen.end();
    const [, aside = '', ended = ''] = seen.split(/put aside|status 0/);
    for (const settings of [aside, ended]) expect(settings).toMatch(/[ ;]icanon /);
  });

  it.each([
    ['q', 0, (screen: ReturnType<typeof watched>) => screen.press('q')],
    ['Ctrl-C', 0, (screen: ReturnType<typeof watched>) => screen.press(CTRL_C)],
    ['SIGTERM', 0, (screen: ReturnType<typeof watched>) => process.kill(screen.pid(), 'SIGTERM')],
    ['SIGHUP', 0, (screen: ReturnType<typeof watched>) => process.kill(screen.pid(), 'SIGHUP')],
    ['the end of the conference', 3, () => conferences.delete('3001')],
  ])('leaves the terminal as it was after %s', async (_, status, end) => {
    conferences.set('3001', conference([member(1)]));
    const screen = watched('show', '3001');
    await screen.toShow('1 member');
    end(screen);
    const { raw, seen } = await screen.end();
    expect(seen).toContain(`status ${status}\r\n`);
    expect(seen).toMatch(/[ ;]icanon /);
    expect(seen).toMatch(/[ ;]echo /);
    expect(raw.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(raw.lastIndexOf('\x1b[?25l'));
  });

  it('is sorted', async () => {
    const [first] = await json<MemberView[]>('show', 'members', '3000', '--sort', 'latest', '--limit', '1');
    expect(first).toMatchObject({ id: 5000 });
    const lines = (await rostrum('show', 'members', '3000', '--sort', 'name', '--limit', '2')).split('\n');
    expect(firstWords(lines).slice(0, 3)).toEqual(['MEMBER', '1', '10']);
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

describe('a list of past conferences', () => {
  it('is scrolled while it is watched, as much of it as is wanted, and names the nodes that are missing', async () => {
    const screen = watched('list', '--past');
    await screen.toShow('26 conferences shown, more with the arrow keys and PgDn');
    await screen.toShow('node oslo is missing: it is gone');
    const times = async () => (await screen.lastDrawn()).flatMap((line) => /4000 +(\S+ \S+)/.exec(line)?.[1] ?? []);
    expect(await times()).toHaveLength(26);
    expect((await times())[0]).toContain('10:00');
    screen.press('\x1b[F');
    await expect.poll(times).toContain('2026-01-05 09:27');
    screen.press('q');
    const { seen } = await screen.end();
    expect(seen).not.toContain('…');
    const few = watched('list', '--past', '--limit', '3');
    await few.toShow('3 conferences shown');
    few.press('q');
    await few.end();
  });

  it('knows one of them by its time, and names the nodes that are missing where there is none', async () => {
    const refusal = async (time: string) => (await rostrum('report', '4000', '--started', time).catch((e) => e)).stderr;
    expect(await refusal('2026-01-05 09:59')).toContain(
      'several conferences 4000 started "2026-01-05 09:59": give one of 2026-01-05 09:59:40, 2026-01-05 09:59:20, 2026-01-05 09:59:00',
    );
    expect(await refusal('2026-01-05 11:00')).toMatch(
      /^node oslo is missing: it is gone\nrostrum: report: no conference 4000/,
    );
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
    const watching = spawn(node, [...before, 'list', '--watch']);
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
  [['--sort', 'age'], 'Allowed choices are joined, latest, speakers, name'],
])('options that cannot be are refused with status 2: %j', async (options, message) => {
  const error = await rostrum('show', '3000', ...options).catch((refusal) => refusal);
  expect(error).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});
