import { cut } from '../text/text-width.ts';
import { type Key, keysIn } from './scroll-keys.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_SCREEN = '\x1b[2J';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

type ScreenDeps = {
  /** Receives each key; `quit` for Ctrl-C as well. */
  readonly onKey: (key: Exclude<Key, 'suspend'>) => void;
  /** The terminal has another size, or shows this process again after it was suspended. */
  readonly onStale: () => void;
};

/** The terminal of this process, whole: what it shows, and its keys where it has some. It is as it was when the process ends. */
export class Screen {
  readonly #deps: ScreenDeps;
  #isOpen = false;

  constructor(deps: ScreenDeps) {
    this.#deps = deps;
  }

  get rows(): number {
    return process.stdout.rows;
  }

  get columns(): number {
    return process.stdout.columns;
  }

  /** Idempotent. */
  start(): void {
    if (this.#isOpen) return;
    this.#enter();
    process.once('exit', this.#leave);
    process.on('SIGCONT', this.#resume);
    process.stdout.on('resize', this.#deps.onStale);
    if (process.stdin.isTTY) process.stdin.setEncoding('utf8').on('data', this.#typed);
  }

  /** Idempotent. */
  stop(): void {
    this.#leave();
    process.off('exit', this.#leave);
    process.off('SIGCONT', this.#resume);
    process.stdout.off('resize', this.#deps.onStale);
    process.stdin.off('data', this.#typed).pause();
  }

  draw(text: string): void {
    process.stdout.write(drawing(text, this.rows, this.columns));
  }

  #enter(): void {
    this.#isOpen = true;
    if (process.stdin.isTTY) process.stdin.setRawMode(true);
    process.stdout.write(HIDE_CURSOR + CLEAR_SCREEN);
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdout.write(SHOW_CURSOR);
  };

  readonly #resume = (): void => {
    this.#enter();
    this.#deps.onStale();
  };

  /** In raw mode no key is a signal, so that this has to make them. */
  readonly #typed = (text: string): void => {
    for (const key of keysIn(text)) {
      if (key !== 'suspend') {
        this.#deps.onKey(key);
        continue;
      }
      this.#leave();
      process.kill(process.pid, 'SIGTSTP');
      // The process goes on, or the signal has done nothing: where no shell could continue it, as with `ssh -t`.
      this.#resume();
    }
  };
}

/** The characters that make a terminal show a text over what is there, without flicker. Lines that do not fit are left out. */
export function drawing(text: string, rows: number, columns: number): string {
  const lines = text.split('\n');
  const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more`];
  return `${HOME}${shown.map((line) => `${cut(line, columns)}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}
