import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LineAppender } from '../../src/controller/attendance/line-appender.ts';

let directory: string;
let logged: string[];
let refuse: boolean;
let appender: LineAppender;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-lines-'));
  logged = [];
  refuse = false;
  const log = (message: string) => logged.push(message);
  const beforeOpen = async () => {
    if (refuse) throw new Error('no disk');
  };
  appender = new LineAppender(
    { name: 'attendance', retryMs: 60_000, beforeOpen, remedy: 'make space' },
    { logger: { info: log as never, warn: log as never } },
  );
});

afterEach(async () => {
  await appender.stop();
  await rm(directory, { recursive: true });
});

const append = (lines: number) => {
  for (let i = 0; i < lines; i++) appender.append(join(directory, 'lines'), `${i}\n`);
};
const written = async () => (await readFile(join(directory, 'lines'), 'utf8')).split('\n').length - 1;

it('lines that are too many at once are lost, which is told though the file system is well', async () => {
  append(10_003);
  await appender.flush();
  expect(await written()).toBe(10_000);
  expect(logged).toEqual([
    'attendance: too many lines wait to be written; further lines are lost',
    'attendance is written again, 3 lines are lost',
  ]);
  append(1);
  await appender.flush();
  expect(await written()).toBe(10_001);
  expect(logged).toHaveLength(2);
});

it('all lines that were lost are told at the end', async () => {
  refuse = true;
  append(10_003);
  await appender.stop();
  expect(logged.at(-1)).toBe('10003 lines of attendance are lost');
});
