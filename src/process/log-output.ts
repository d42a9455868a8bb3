import { write, writeSync } from 'node:fs';

const STDERR = 2;
/** Enough for a burst of some seconds. More waits only where nothing reads the log. */
const MAX_WAITING = 10_000;
/** A write that takes longer waits for a reader. */
const STUCK_MS = 200;

/**
 * Writes log lines to a descriptor, by default to standard error. A log that cannot be written (the disk is full, its
 * reader has ended or does not read) neither blocks nor ends the process: it costs lines, which are counted.
 */
export class LogOutput {
  readonly #fd: number;
  readonly #onWritable: (lost: number, reason: string) => void;
  #waiting: string[] = [];
  /** When the write under way was begun; null if there is none. */
  #writingSinceMs: number | null = null;
  #lost = 0;
  #reason = '';

  /** @param onWritable called when lines can be written again, with how many were lost and why */
  constructor(onWritable: (lost: number, reason: string) => void, fd = STDERR) {
    this.#fd = fd;
    this.#onWritable = onWritable;
    process.on('exit', () => this.#finish());
  }

  write(line: string): void {
    if (this.#waiting.length >= MAX_WAITING) this.#lose(1, 'nothing reads the log');
    else this.#waiting.push(line);
    if (this.#writingSinceMs === null) this.#writeWaiting();
  }

  #writeWaiting(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#writingSinceMs = performance.now();
    this.#writeAll(Buffer.from(lines.join('')), (error) => {
      this.#writingSinceMs = null;
      if (error) this.#lose(lines.length, error.code ?? error.message);
      else this.#reportLost();
      if (!error && this.#waiting.length > 0 && this.#writingSinceMs === null) this.#writeWaiting();
    });
  }

  #writeAll(bytes: Buffer, done: (error: NodeJS.ErrnoException | null) => void): void {
    write(this.#fd, bytes, (error, written) => {
      if (error || written === bytes.length) done(error);
      else this.#writeAll(bytes.subarray(written), done);
    });
  }

  #lose(lines: number, reason: string): void {
    this.#lost += lines;
    this.#reason = reason;
  }

  #reportLost(): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#onWritable(lost, this.#reason);
  }

  /** A process that ends writes what waits, unless a write is stuck. */
  #finish(): void {
    const isStuck = this.#writingSinceMs !== null && performance.now() - this.#writingSinceMs > STUCK_MS;
    if (isStuck || this.#waiting.length === 0) return;
    try {
      writeSync(this.#fd, this.#waiting.join(''));
    } catch {
      // Nothing is left to say so.
    }
  }
}
