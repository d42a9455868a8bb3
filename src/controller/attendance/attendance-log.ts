import { access, constants, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Logger } from 'winston';
import { AttendanceError } from '../../attendance/errors.ts';
import { fileNameOf, runOfFileName } from '../../attendance/file-name.ts';
import { Journal, type Published } from '../../attendance/journal.ts';
import { type AttendanceRecord, parseRecord, serializeRecord } from '../../attendance/record.ts';
import type { AttendanceReader, AttendanceRun } from '../../attendance/report.ts';
import { msOfIso } from '../../base/iso-time.ts';
import { LineAppender } from './line-appender.ts';

const DAY_MS = 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
/** More would take the controller's memory and time; a conference of 10,000 makes some 50,000. */
const MAX_RECORDS = 500_000;
/** Ours have at most a few hundred characters. */
const LONGEST_LINE = 64 * 1024;

export type AttendanceOptions = {
  /** Where the files are; its parent must exist. Without it nothing is recorded. */
  readonly directory: string | null | undefined;
  /** Files are deleted so many days after they were last written to. Without it they are kept. */
  readonly retentionDays?: number | undefined;
  /** After an error of the file system it is tried again so often. */
  readonly retryMs?: number;
};

export type AttendanceDeps = { readonly logger: Pick<Logger, 'info' | 'warn'>; readonly now?: () => number };

/**
 * Attendance as files: one for each run of a conference, only ever appended to. Calls never wait for it, and an error
 * of the file system is logged but does not disturb them.
 */
export class AttendanceLog implements AttendanceReader {
  readonly #directory: string | null;
  readonly #retentionMs: number | null;
  readonly #logger: AttendanceDeps['logger'];
  readonly #now: () => number;
  readonly #journal = new Journal({ talking: false });
  readonly #appender: LineAppender;
  #pruner: NodeJS.Timeout | null = null;

  constructor(options: AttendanceOptions, { logger, now = Date.now }: AttendanceDeps) {
    this.#directory = options.directory || null;
    this.#retentionMs = options.retentionDays === undefined ? null : options.retentionDays * DAY_MS;
    this.#logger = logger;
    this.#now = now;
    this.#appender = new LineAppender(
      {
        retryMs: options.retryMs ?? 5000,
        name: 'attendance',
        beforeOpen: () => this.#makeDirectory(),
        remedy: 'correct reports.directory in rostrum.yaml or its rights, or make space there',
      },
      { logger },
    );
  }

  /** Why attendance is not in its files; null while all is well, and where none is to be recorded. */
  get problem(): string | null {
    return this.#appender.problem;
  }

  /** Looks whether attendance can be written, for `problem`. */
  async check(): Promise<void> {
    if (this.#directory !== null) await this.#appender.check();
  }

  /** Looks whether attendance can be written. Deletes files that are older than they may be, now and every hour. */
  start(): void {
    if (this.#directory === null) return;
    void this.check();
    if (this.#retentionMs === null || this.#pruner) return;
    const prune = () =>
      void this.prune().catch((error: Error) =>
        this.#logger.warn(`attendance: old files are not deleted: ${error.message}`),
      );
    this.#pruner = setInterval(prune, PRUNE_EVERY_MS).unref();
    prune();
  }

  /** Writes what is waiting, for at most 5 s. */
  async stop(): Promise<void> {
    if (this.#pruner) clearInterval(this.#pruner);
    this.#pruner = null;
    await this.#appender.stop();
  }

  /** Takes down an event; returns at once. */
  record(published: Published): void {
    if (this.#directory === null) return;
    const fileName = fileNameOf(published.conference, published.startedAtMs);
    if (fileName === null) return;
    const path = join(this.#directory, fileName);
    for (const record of this.#journal.record(published)) this.#appender.append(path, serializeRecord(record));
  }

  /** @returns once everything recorded so far is written, the file system refuses, or 5 s have passed */
  flush(): Promise<void> {
    return this.#appender.flush();
  }

  /** All runs of conferences of which there is a file, oldest first. Rejects with an `AttendanceError`. */
  async list(): Promise<AttendanceRun[]> {
    const written = await this.#fileNames(await this.#flushed());
    const waiting = this.#appender.paths.map((path) => basename(path));
    const runs = [...new Set([...written, ...waiting])].flatMap((name) => runOfFileName(name) ?? []);
    return runs.sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  }

  /**
   * The records of a conference: of all its runs, of the last one, or of the one that started at a time; empty if
   * there is nothing. Lines that are damaged are left out. Rejects with an `AttendanceError`.
   */
  async read(conference: string, which: { last?: boolean; startedAt?: string } = {}): Promise<AttendanceRecord[]> {
    const { last = false, startedAt } = which;
    const records: AttendanceRecord[] = [];
    for (const run of startedAt === undefined ? await this.#runsOf(conference, last) : [{ conference, startedAt }]) {
      const fileName = fileNameOf(run.conference, msOfIso(run.startedAt));
      if (fileName === null) continue;
      const path = join(await this.#flushed(), fileName);
      await readRecords(path, this.#appender.textFor(path), records);
    }
    return records;
  }

  /** Deletes the files of conferences that ended longer ago than they may be kept. Rejects if one cannot be deleted. */
  async prune(): Promise<void> {
    if (this.#directory === null || this.#retentionMs === null) return;
    const oldestMs = this.#now() - this.#retentionMs;
    let failure: unknown = null;
    for (const name of await this.#fileNames(this.#directory)) {
      const run = runOfFileName(name);
      if (!run || this.#journal.isOpen(run.conference, msOfIso(run.startedAt))) continue;
      const path = join(this.#directory, name);
      try {
        if ((await stat(path)).mtimeMs < oldestMs) await unlink(path);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure) throw failure;
  }

  async #runsOf(conference: string, last: boolean): Promise<AttendanceRun[]> {
    return (await this.list()).filter((run) => run.conference === conference).slice(last ? -1 : 0);
  }

  /** The directory, with everything in it that has been recorded. */
  async #flushed(): Promise<string> {
    if (this.#directory === null) {
      throw new AttendanceError(
        'attendance-disabled',
        'no attendance is recorded: set reports.directory in rostrum.yaml',
      );
    }
    await this.flush();
    return this.#directory;
  }

  async #fileNames(directory: string): Promise<string[]> {
    try {
      return await readdir(directory);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw unreadable(directory, cause);
    }
  }

  /** Readable by this user only: a list of participants is confidential. */
  async #makeDirectory(): Promise<void> {
    const directory = this.#directory ?? '';
    await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await access(directory, constants.W_OK | constants.X_OK);
  }
}

/**
 * Piece by piece, so that the controller does other things in between.
 * @param waiting what is not in the file yet
 */
async function readRecords(path: string, waiting: string, into: AttendanceRecord[]): Promise<void> {
  const readLine = (line: string) => {
    const record = parseRecord(line);
    if (record) into.push(record);
    if (into.length > MAX_RECORDS) {
      throw new AttendanceError('attendance-unreadable', `${path}: more than ${MAX_RECORDS} records: ask for less`);
    }
  };
  let rest = '';
  try {
    const file = await open(path, 'r');
    for await (const chunk of file.createReadStream({ encoding: 'utf8' })) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE) rest = '';
      for (const line of lines) readLine(line);
    }
  } catch (cause) {
    if (cause instanceof AttendanceError) throw cause;
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path, cause);
  }
  for (const line of (rest + waiting).split('\n')) readLine(line);
}

function unreadable(path: string, cause: unknown): AttendanceError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new AttendanceError('attendance-unreadable', `${path} cannot be read (${code ?? message})`, { cause });
}
