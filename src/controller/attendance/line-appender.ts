import { type FileHandle, open } from 'node:fs/promises';
import type { Logger } from 'winston';
import { withTimeout } from '../../timing/with-timeout.ts';

/** Some 2 MB of lines. */
const MAX_WAITING = 10_000;
const FLUSH_TIMEOUT_MS = 5000;
const LINE_FEED = 0x0a;

type Waiting = {
  readonly path: string;
  /** The bytes of the line that are not written yet. */
  bytes: Buffer;
  /** Its beginning is in the file already. */
  begun: boolean;
};

export type LineAppenderOptions = {
  /** How long to leave the file system alone after an error. */
  readonly retryMs: number;
  /** A name for the lines, for the log. */
  readonly name: string;
  /** Called before files are opened, e.g. to make their directory; rejects where they could not be written. */
  readonly beforeOpen: () => Promise<void>;
  /** An operator's remedy for an error, for the log. */
  readonly remedy: string;
};

/**
 * Appends lines to files, in the order given, without the caller waiting. When the file system refuses, lines wait and
 * it is tried again; when too many wait, further ones are lost. Both are logged once, until it works again.
 */
export class LineAppender {
  readonly #options: LineAppenderOptions;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #waiting: Waiting[] = [];
  #lost = 0;
  /** The message and the code of the last error; null while all is well. */
  #trouble: string | null = null;
  #troubleCode: string | null = null;
  #writing: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: LineAppenderOptions, deps: { logger: Pick<Logger, 'info' | 'warn'> }) {
    this.#options = options;
    this.#logger = deps.logger;
  }

  /** Why lines are not in their files yet, and how many; null while all is well. */
  get problem(): string | null {
    if (this.#trouble === null && this.#lost === 0) return null;
    const lost = this.#lost === 0 ? 'none is lost so far' : `${this.#lost} are lost`;
    return `${this.#trouble ?? 'too many came at once'}; ${this.#waiting.length} lines wait, ${lost}`;
  }

  /** The files for which lines wait. */
  get paths(): string[] {
    return [...new Set(this.#waiting.map(({ path }) => path))];
  }

  /** The text that follows in a file once it can be written. */
  textFor(path: string): string {
    const lines = this.#waiting.filter((waiting) => waiting.path === path);
    const text = Buffer.concat(lines.map(({ bytes }) => bytes)).toString();
    return lines[0]?.begun ? text : `\n${text}`;
  }

  /** Looks whether files can be written, before there is anything to write. */
  async check(): Promise<void> {
    await this.#write();
  }

  /** @param line with its line end */
  append(path: string, line: string): void {
    if (this.#stopped) return;
    if (this.#waiting.length >= MAX_WAITING) {
      if (this.#lost === 0)
        this.#logger.warn(`${this.#options.name}: too many lines wait to be written; further lines are lost`);
      this.#lost += 1;
      return;
    }
    this.#waiting.push({ path, bytes: Buffer.from(line), begun: false });
    if (!this.#retry) this.#write();
  }

  /** @returns once all lines are written, the file system refuses, or 5 s have passed */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await withTimeout(this.#write(), FLUSH_TIMEOUT_MS, () => {});
  }

  /** Writes what is waiting if that is possible within 5 s; takes no more lines. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.flush();
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
    const lost = this.#waiting.length + this.#lost;
    if (lost > 0) this.#logger.warn(`${lost} lines of ${this.#options.name} are lost`);
    this.#waiting = [];
    this.#lost = 0;
  }

  #write(): Promise<void> {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  /** A file that cannot be written does not keep lines from the others. */
  async #writeAll(): Promise<void> {
    const failed = new Map<string, NodeJS.ErrnoException>();
    const unready = await this.#options.beforeOpen().catch((error: NodeJS.ErrnoException) => error);
    const next = () => (unready ? undefined : this.#waiting.find((waiting) => !failed.has(waiting.path)));
    for (let first = next(); first; first = next()) {
      const { path } = first;
      await this.#writeFile(path).catch((error: NodeJS.ErrnoException) => failed.set(path, error));
    }
    this.#writing = null;
    const error = unready ?? [...failed.values()][0];
    if (error) this.#failed(error);
    else this.#recovered();
  }

  /** Writes all waiting lines of one file. */
  async #writeFile(path: string): Promise<void> {
    const file = await open(path, 'a+', 0o600);
    try {
      const batch = this.#waiting.filter((waiting) => waiting.path === path);
      // A controller that was killed may have left the beginning of a line.
      if (!batch[0]?.begun && !(await endsWithLine(file))) await file.write('\n');
      const bytes = Buffer.concat(batch.map((waiting) => waiting.bytes));
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, written);
        written += bytesWritten;
        this.#markWritten(batch, bytesWritten);
      }
    } finally {
      await file.close().catch(() => {});
    }
  }

  /** A full disk may take a part of what it is given: what is written is not written again. */
  #markWritten(batch: readonly Waiting[], bytesWritten: number): void {
    let left = bytesWritten;
    for (const waiting of batch) {
      const written = Math.min(left, waiting.bytes.length);
      waiting.bytes = waiting.bytes.subarray(written);
      waiting.begun ||= written > 0;
      left -= written;
    }
    this.#waiting = this.#waiting.filter(({ bytes }) => bytes.length > 0);
  }

  #failed({ code, message }: NodeJS.ErrnoException): void {
    if (this.#troubleCode !== (code ?? message)) {
      const { name, remedy } = this.#options;
      this.#logger.warn(`${name} cannot be written, trying again until it can: ${message}; ${remedy}`);
    }
    this.#troubleCode = code ?? message;
    this.#trouble = message;
    if (this.#stopped) return;
    this.#retry = setTimeout(() => this.#write(), this.#options.retryMs).unref();
  }

  #recovered(): void {
    // There may be losses without an error: where more came at once than wait, or the file system was slow.
    if (this.#trouble === null && this.#lost === 0) return;
    const lost = this.#lost === 0 ? 'nothing is lost' : `${this.#lost} lines are lost`;
    this.#logger.info(`${this.#options.name} is written again, ${lost}`);
    this.#trouble = null;
    this.#troubleCode = null;
    this.#lost = 0;
  }
}

async function endsWithLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] === LINE_FEED;
}
