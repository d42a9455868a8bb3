import { execFileSync, spawn } from 'node:child_process';
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attendanceReport, reportQuerySchema } from '../../src/attendance/report.ts';
import type { ConferenceEvent } from '../../src/conference/model/events.ts';
import { PLAIN_FLAGS } from '../../src/conference/model/flags.ts';
import { AttendanceLog, type AttendanceOptions } from '../../src/controller/attendance/attendance-log.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const START_MS = Date.UTC(2026, 0, 5, 10, 15, 0, 123);
const FILE = '3000-20260105T101500123Z.jsonl';

let directory = '';
let logged: string[] = [];
let logs: AttendanceLog[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-attendance-'));
  logged = [];
  logs = [];
});
afterEach(async () => {
  await Promise.all(logs.map((log) => log.stop()));
  await chmod(directory, 0o700);
  await rm(directory, { recursive: true, force: true });
});

function logTo(options: Partial<AttendanceOptions> = {}, now = Date.now): AttendanceLog {
  const write = (message: string) => void logged.push(message);
  const logger = { info: write, warn: write } as unknown as ConstructorParameters<typeof AttendanceLog>[1]['logger'];
  const log = new AttendanceLog({ directory, retryMs: 20, ...options }, { logger, now });
  logs.push(log);
  return log;
}

const started: ConferenceEvent = { type: 'started', profileName: 'default' };
const joined = (memberId: number): ConferenceEvent => ({
  type: 'joined',
  memberId,
  caller: { number: '100', name: 'Ann' },
  flags: PLAIN_FLAGS,
});

function record(
  log: AttendanceLog,
  seconds: number,
  event: ConferenceEvent,
  startedAtMs = START_MS,
  conference = '3000',
) {
  log.record({ conference, startedAtMs, atMs: startedAtMs + seconds * 1000, event });
}

const textOf = (name = FILE) => readFile(join(directory, name), 'utf8');
const typesIn = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 250; tries++) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error('not in time');
}

describe('the attendance log', () => {
  it('writes a file for each run of a conference, in order, for this user only', async () => {
    const log = logTo({ directory: join(directory, 'new') });
    record(log, 0, started);
    for (let member = 1; member <= 2000; member++) record(log, member, joined(member));
    record(log, 0, started, START_MS + 86_400_000);
    await log.flush();
    expect(await readdir(join(directory, 'new'))).toEqual([FILE, '3000-20260106T101500123Z.jsonl']);
    const records = await log.read('3000', { startedAt: new Date(START_MS).toISOString() });
    expect(records.map((r) => ('memberId' in r ? r.memberId : 0))).toEqual([...Array(2001).keys()]);
    expect((await stat(join(directory, 'new', FILE))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700);
  });

  it('reads the last run or all of them, also what is not written yet', async () => {
    const log = logTo();
    for (const run of [2, 0, 1]) record(log, 0, started, START_MS + run * 86_400_000);
    record(log, 0, started, START_MS, '3000-x');
    expect(await log.read('3000')).toHaveLength(3);
    expect(await log.read('3000', { last: true })).toMatchObject([{ at: '2026-01-07T10:15:00.123Z' }]);
    expect(await log.list()).toHaveLength(4);
    expect(await log.read('4000')).toEqual([]);
    expect(await log.read('../3000', { startedAt: '2026-01-05T10:15:00.123Z' })).toEqual([]);
  });

  it('goes on in the same file after a restart, also where the last line was cut off', async () => {
    const first = logTo();
    record(first, 0, started);
    record(first, 1, joined(1));
    await first.stop();
    await appendFile(join(directory, FILE), '{"at":"2026-01-05T10:1');

    const second = logTo();
    record(second, 60, { type: 'adopted', memberId: 1, caller: { number: '100', name: 'Ann' }, flags: PLAIN_FLAGS });
    record(second, 90, { type: 'left', memberId: 1 });
    const types = (await second.read('3000')).map(({ type }) => type);
    expect(types).toEqual(['started', 'joined', 'resumed', 'adopted', 'left']);
    const rows = await attendanceReport(second, '3000', reportQuerySchema.parse({}), {
      nowMs: Date.now(),
      isRunning: () => true,
    });
    expect(rows).toMatchObject([{ memberId: 1, seconds: 89, result: 'HANGUP' }]);
  });

  it('waits while the disk is full, says so once, and loses nothing', async () => {
    await symlink('/dev/full', join(directory, FILE));
    const log = logTo();
    record(log, 0, started);
    await until(() => logged.length > 0);
    record(log, 1, joined(1));
    await sleep(100);
    record(log, 2, joined(2));
    await log.flush();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('ENOSPC');

    await rm(join(directory, FILE));
    await until(() => logged.length === 2);
    expect(logged[1]).toContain('written again, nothing is lost');
    expect(typesIn(await textOf())).toEqual(['started', 'joined', 'joined']);
  });

  it('goes on in the middle of a line where the disk took only its beginning', async () => {
    const log = logTo({ retryMs: 60_000 });
    const limitFiles = (limit: string) => execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${limit}:`]);
    limitFiles('1000');
    try {
      record(log, 0, started);
      for (let member = 1; member <= 20; member++) record(log, member, joined(member));
      await log.flush();
      expect(logged).toHaveLength(1);
      expect((await textOf()).length).toBe(1000);
    } finally {
      limitFiles('unlimited');
    }
    record(log, 21, { type: 'ended' });
    await log.flush();
    expect(typesIn(await textOf())).toEqual(['started', ...Array(20).fill('joined'), 'ended']);
  });

  it('does not keep one conference from the disk because of the file of another', async () => {
    await symlink('/dev/full', join(directory, FILE));
    const log = logTo();
    record(log, 0, started);
    record(log, 0, started, START_MS, '4000');
    await until(() => logged.length > 0);
    expect(typesIn(await textOf('4000-20260105T101500123Z.jsonl'))).toEqual(['started']);
  });

  it('disturbs nobody when the directory cannot be made', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const log = logTo({ directory: join(file, 'attendance') });
    record(log, 0, started);
    for (let member = 1; member <= 12_000; member++) record(log, member, joined(member));
    await log.flush();
    await sleep(100);
    expect(logged).toEqual([expect.stringContaining('too many lines wait'), expect.stringContaining('ENOTDIR')]);
    await log.stop();
    expect(logged[2]).toContain('12001 lines of attendance are lost');
  });

  it('disturbs nobody when the directory is read-only, and goes on when it no longer is', async () => {
    await asNobody(async () => {
      const own = await mkdtemp(join(tmpdir(), 'rostrum-attendance-'));
      try {
        await chmod(own, 0o500);
        const log = logTo({ directory: own });
        record(log, 0, started);
        await until(() => logged.length > 0);
        expect(logged[0]).toContain('EACCES');
        await chmod(own, 0o700);
        await until(() => logged.length > 1);
        expect(await readdir(own)).toEqual([FILE]);
      } finally {
        await chmod(own, 0o700);
        await rm(own, { recursive: true });
      }
    });
  });

  it('is complete in reports before it can be written, and says why it cannot', async () => {
    await symlink('/dev/full', join(directory, '4000-20260105T101500123Z.jsonl'));
    const log = logTo();
    record(log, 0, started, START_MS, '4000');
    record(log, 1, joined(1), START_MS, '4000');
    expect(await log.list()).toEqual([{ conference: '4000', startedAt: new Date(START_MS).toISOString() }]);
    expect(log.problem).toMatch(/ENOSPC.*; 2 lines wait, none is lost so far$/);
    await rm(join(directory, '4000-20260105T101500123Z.jsonl'));
    expect((await log.read('4000')).map(({ type }) => type)).toEqual(['started', 'joined']);
    expect(log.problem).toBeNull();
  });

  it('lists a conference of which nothing could be written', async () => {
    await chmod(directory, 0o755);
    await asNobody(async () => {
      const log = logTo();
      record(log, 0, started);
      record(log, 1, joined(1));
      expect(await log.list()).toEqual([{ conference: '3000', startedAt: new Date(START_MS).toISOString() }]);
      expect((await log.read('3000')).map(({ type }) => type)).toEqual(['started', 'joined']);
    });
  });

  it('says so when it starts that nothing can be written, and when it can', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const log = logTo({ directory: join(file, 'attendance') });
    log.start();
    await until(() => logged.length > 0);
    expect(logged[0]).toMatch(/attendance cannot be written.*ENOTDIR.*correct reports.directory/);
    expect(log.problem).toContain('0 lines wait');
    await rm(file);
    await mkdir(file);
    await until(() => log.problem === null);
    expect(logged[1]).toContain('written again, nothing is lost');
  });

  it('says that it cannot be read, and that there is none', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(logTo({ directory: join(directory, 'file') }).list()).rejects.toMatchObject({
      code: 'attendance-unreadable',
    });
    expect(await logTo({ directory: join(directory, 'none') }).list()).toEqual([]);
    await mkdir(join(directory, FILE));
    await expect(logTo().read('3000')).rejects.toMatchObject({ code: 'attendance-unreadable' });
  });

  it('records nothing where no directory is configured', async () => {
    const log = logTo({ directory: undefined });
    log.start();
    record(log, 0, started);
    await log.flush();
    await expect(log.list()).rejects.toMatchObject({ code: 'attendance-disabled' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('deletes what is older than it may be, but not what is going on, nor what is not its own', async () => {
    const log = logTo({ retentionDays: 30 });
    record(log, 0, started);
    record(log, 0, started, START_MS, '4000');
    record(log, 9, { type: 'ended' }, START_MS, '4000');
    record(log, 0, started, START_MS, '5000');
    record(log, 9, { type: 'ended' }, START_MS, '5000');
    await log.flush();
    await writeFile(join(directory, 'notes.txt'), '');
    const days = (n: number) => new Date(Date.now() - n * 86_400_000);
    await utimes(join(directory, '5000-20260105T101500123Z.jsonl'), days(29), days(29));
    for (const name of [FILE, '4000-20260105T101500123Z.jsonl', 'notes.txt']) {
      await utimes(join(directory, name), days(31), days(31));
    }
    log.start();
    await until(async () => (await readdir(directory)).length === 3);
    expect(await readdir(directory)).toEqual([FILE, '5000-20260105T101500123Z.jsonl', 'notes.txt']);
  });
});

/** Root may write everywhere. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

describe('rostrum report', () => {
  const row = {
    conference: '3000',
    startedAt: '2026-01-05T10:15:00.123Z',
    memberId: 1,
    number: '+49301234',
    name: 'Ann\u001b[2J',
    joinedAt: '2026-01-05T10:15:10.000Z',
    leftAt: null,
    seconds: 3725,
    speakerSeconds: 65,
    roles: [{ at: '2026-01-05T10:15:10.000Z', role: 'speaker', admin: true, by: null }],
    result: null,
    endedBy: null,
    node: null as string | null,
  };
  let missing: { node: string; reason: string }[];
  let gaps: string[];
  let server: Server;
  let asked: string[] = [];
  let problem: string | null;
  let errors = '';
  const socketPath = () => join(directory, 'rostrum.sock');

  beforeEach(async () => {
    asked = [];
    problem = null;
    missing = [];
    gaps = [];
    server = createServer((request, answer) => {
      if (request.url === '/v1/status')
        return answer.end(
          JSON.stringify({ problems: problem === null ? [] : [{ about: 'reports', detail: problem }] }),
        );
      asked.push(request.url ?? '');
      return answer.end(JSON.stringify({ rows: [row], missing, gaps }));
    });
    await new Promise<void>((resolve) => server.listen(socketPath(), resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('prints a table for people, in which a name does not command the terminal', async () => {
    const printed = await report('3000');
    expect(asked).toEqual(['/v1/reports/3000?runs=last']);
    expect(printed).toMatch(/^conference 3000, started 2026-01-05 .*: 1 member, 1 still there, 0 turned away\n/);
    expect(printed).toMatch(/\n {5}1 {2}\+49301234 {2}Ann\?\[2J {2}speaker\+admin .* - {5}1:02:05 {2}0:01:05/);
  });

  it('prints CSV, JSON and JSON lines, of all conferences of the name where asked', async () => {
    expect(await report('3000', '--csv', '--all')).toContain('1,+49301234,Ann?[2J,');
    expect(asked).toEqual(['/v1/reports/3000?runs=all']);
    expect(JSON.parse(await report('3000', '--json'))).toEqual([row]);
    expect(await report('3000', '--jsonl')).toBe(`${JSON.stringify(row)}\n`);
  });

  it('says on stderr that attendance cannot be written', async () => {
    problem = 'attendance cannot be written: EROFS: read-only file system; 7 lines wait';
    expect(JSON.parse(await report('3000', '--json'))).toEqual([row]);
    expect(errors).toBe(`${problem}; what waits is lost when the controller ends\n`);
  });

  it('says on stderr which nodes of the cluster are missing, and the table says the node of each member', async () => {
    missing = [{ node: 'oslo', reason: 'it is gone since\u001b[2J' }];
    gaps = ['node rome: 3000.jsonl cannot be read (EACCES)'];
    expect(JSON.parse(await report('3000', '--json'))).toEqual([row]);
    expect(errors).toBe('node oslo is missing: it is gone since?[2J\nnode rome: 3000.jsonl cannot be read (EACCES)\n');
    row.node = 'lyon';
    expect(await report('3000')).toMatch(/\nMEMBER {2}NODE {2}NUMBER .*\n {5}1 {2}lyon {2}\+49301234 /);
    row.node = null;
  });

  it('does not print two formats at once', async () => {
    await expect(report('3000', '--csv', '--jsonl')).rejects.toThrow(/cannot be used with/);
  });

  /** Runs the command as an operator does. */
  async function report(...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [PROGRAM, 'report', ...args, '--socket', socketPath()]);
    let out = '';
    errors = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    const status = await new Promise((resolve) => child.on('close', resolve));
    if (status !== 0) throw new Error(errors);
    return out;
  }
});
