import { setTimeout as sleep } from 'node:timers/promises';
import { jsonText } from '../../base/json-text.ts';
import type { WatchOptions } from '../options/common.ts';
import type { Position } from '../text/list-text.ts';
import { EXIT } from './exit-codes.ts';
import { print } from './print.ts';
import { Screen } from './screen.ts';
import { type Key, scrolled } from './scroll-keys.ts';

const INTERVAL_MS = 1000;

/** Something that is shown once, or again and again. */
export type Watched<T> = {
  /** @param position the part of a list that is wanted; of no use where there is no list */
  readonly read: (position: Position) => Promise<T>;
  readonly forPeople: (value: T, position: Position) => string;
  /** The part of it that `--json` prints; the default is all. */
  readonly forPrograms?: (value: T) => unknown;
  /** How many entries of a list it has, and how many there are. Without it, people scroll the lines of the text. */
  readonly entries?: (value: T) => { readonly shown: number; readonly matching: number };
};

/**
 * Prints something once, or with `--watch` whenever it changes: on a terminal drawn again once a second, where people scroll
 * it with keys, and elsewhere printed again. A controller that is away for a while does not end it; a conference that is
 * over does.
 * @param position the part of a list that is shown at first
 * @throws what `read` does the first time, or when there is no such conference or member any more
 */
export async function printOrWatch<T>(
  { watch, json }: WatchOptions,
  position: Position,
  watched: Watched<T>,
): Promise<void> {
  const { read, forPeople, forPrograms = (value) => value } = watched;
  if (watch && process.stdout.isTTY && !json) return watchOnScreen(watched, position);
  // A line each, so that programs can tell them apart.
  const text = (value: T) => (json ? jsonText(forPrograms(value)) : forPeople(value, position));
  if (watch) return watchInPipe(async () => text(await read(position)));
  const value = await read(position);
  print(forPrograms(value), json, () => forPeople(value, position));
}

async function watchInPipe(read: () => Promise<string>): Promise<never> {
  endWithSignals();
  for (let last: Shown | null = null; ; await sleep(INTERVAL_MS)) {
    const shown: Shown = await look(read, last);
    if (shown.problem !== null && shown.problem !== last?.problem) process.stderr.write(`${shown.problem}\n`);
    if (shown.text !== last?.text) process.stdout.write(`${shown.text}\n`);
    last = shown;
  }
}

async function watchOnScreen<T>(watched: Watched<T>, position: Position): Promise<never> {
  const wake = new Wake();
  const scroll = new Scroll(watched, position);
  const screen = new Screen({
    onKey: (key) => {
      if (key === 'quit') process.exit(EXIT.ok);
      scroll.press(key);
      wake.now();
    },
    onStale: () => wake.now(),
  });
  endWithSignals();
  screen.start();
  try {
    for (let last: Shown | null = null; ; await wake.within(INTERVAL_MS)) {
      const shown: Shown = await look(() => scroll.read(screen.rows), last);
      screen.draw(shown.problem ?? shown.text);
      last = shown;
    }
  } finally {
    screen.stop();
  }
}

/** Lines of a text besides its entries, before one has been seen. */
const USUAL_OTHER_LINES = 4;

/** The part of something watched that is on the screen. */
class Scroll<T> {
  readonly #watched: Watched<T>;
  /** As the command line says; undefined for as many as fit. */
  readonly #most: number | undefined;
  #offset: number;
  #otherLines = USUAL_OTHER_LINES;
  #shown = 0;
  #total = 0;

  constructor(watched: Watched<T>, { limit, page = 1 }: Position) {
    this.#watched = watched;
    this.#most = limit;
    this.#offset = (page - 1) * (limit ?? 0);
  }

  press(key: Key): void {
    this.#offset = scrolled({ offset: this.#offset, shown: this.#shown, total: this.#total }, key);
  }

  /** The text for a screen, at the place to which it has been scrolled: its lines where there is no room for an entry. */
  async read(rows: number): Promise<string> {
    // The line below the last one is for the cursor.
    const most = rows - 1;
    const { entries } = this.#watched;
    if (entries && this.#otherLines < most) {
      const text = await this.#readList(most, entries);
      if (this.#otherLines < most) return text;
    }
    return this.#readLines(most);
  }

  /** A list is read again where it does not fit, or something else takes less room than before. */
  async #readList(most: number, entries: NonNullable<Watched<T>['entries']>): Promise<string> {
    const { read, forPeople } = this.#watched;
    for (let isAgain = false; ; isAgain = true) {
      const limit = Math.max(1, Math.min(most - this.#otherLines, this.#most ?? Number.POSITIVE_INFINITY));
      const position = { limit, offset: this.#offset };
      const value = await read(position);
      const text = forPeople(value, position);
      const { shown, matching } = entries(value);
      const otherLines = text.split('\n').length - shown;
      const fits = otherLines === this.#otherLines;
      this.#shown = shown;
      this.#total = matching;
      this.#otherLines = otherLines;
      this.#offset = Math.max(0, Math.min(this.#offset, matching - limit));
      if (isAgain || (fits && this.#offset === position.offset)) return text;
    }
  }

  async #readLines(most: number): Promise<string> {
    const { read, forPeople, entries } = this.#watched;
    const position = { limit: this.#most };
    const value = await read(position);
    const lines = forPeople(value, position).split('\n');
    if (entries) this.#otherLines = lines.length - entries(value).shown;
    // The last line of the screen says how many more there are.
    this.#shown = lines.length > most ? most - 1 : lines.length;
    this.#total = lines.length;
    this.#offset = Math.min(this.#offset, lines.length - this.#shown);
    return lines.slice(this.#offset).join('\n');
  }
}

/** A wait that ends early when something has happened, also if that was before it began. */
class Wake {
  #isDue = false;
  #end = () => {};

  now(): void {
    this.#isDue = true;
    this.#end();
  }

  async within(ms: number): Promise<void> {
    if (!this.#isDue) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#isDue = false;
  }
}

function endWithSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(EXIT.ok));
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
