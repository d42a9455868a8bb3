import { setTimeout as sleep } from 'node:timers/promises';
import { jsonText } from '../../base/json-text.ts';
import type { WatchOptions } from '../options/common.ts';
import { cut } from '../text/text-width.ts';
import { EXIT } from './exit-codes.ts';
import { print } from './print.ts';

const INTERVAL_MS = 1000;

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_SCREEN = '\x1b[2J';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * Prints a value once, or with `--watch` whenever it changes.
 * @param forPrograms what of the value `--json` prints
 */
export async function printOrWatch<T>(
  { watch: isWatched, json }: WatchOptions,
  read: () => Promise<T>,
  forPeople: (value: T) => string,
  forPrograms: (value: T) => unknown = (value) => value,
): Promise<void> {
  if (isWatched) {
    // A line each, so that programs can tell them apart.
    await watch(async () => (json ? jsonText(forPrograms(await read())) : forPeople(await read())));
  }
  const value = await read();
  print(forPrograms(value), json, () => forPeople(value));
}

/**
 * Shows something again and again until Ctrl-C: on a terminal redrawn once a second, elsewhere printed when it has
 * changed. A controller that is away for a while does not end it; a conference that is over does.
 * @param read what to show now
 * @throws what `read` does the first time, or when there is no such conference or member any more
 */
async function watch(read: () => Promise<string>): Promise<never> {
  const { stdout } = process;
  const end = () => {
    if (stdout.isTTY) stdout.write(SHOW_CURSOR);
    process.exit(EXIT.ok);
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  if (stdout.isTTY) stdout.write(HIDE_CURSOR + CLEAR_SCREEN);
  try {
    for (let last: Shown | null = null; ; await sleep(INTERVAL_MS)) {
      const shown: Shown = await look(read, last);
      if (stdout.isTTY) stdout.write(screen(shown.problem ?? shown.text, stdout.rows, stdout.columns));
      else printNews(shown, last);
      last = shown;
    }
  } finally {
    if (stdout.isTTY) stdout.write(SHOW_CURSOR);
  }
}

type Shown = { readonly text: string; readonly problem: string | null };

async function look(read: () => Promise<string>, last: Shown | null): Promise<Shown> {
  try {
    return { text: await read(), problem: null };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (!last || code === 'no-such-conference' || code === 'no-such-member') throw error;
    return { text: last.text, problem: `rostrum: ${message}` };
  }
}

function printNews(shown: Shown, last: Shown | null): void {
  if (shown.problem !== null && shown.problem !== last?.problem) process.stderr.write(`${shown.problem}\n`);
  if (shown.text !== last?.text) process.stdout.write(`${shown.text}\n`);
}

/** Draws over what is there, without flicker; what does not fit is left out. */
export function screen(text: string, rows: number, columns: number): string {
  const lines = text.split('\n');
  const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more`];
  return `${HOME}${shown.map((line) => `${cut(line, columns)}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}
