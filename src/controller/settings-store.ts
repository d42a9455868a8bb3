import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Logger } from 'winston';
import { z } from 'zod';
import { NO_TABLE } from '../conference-table/conference-table.ts';
import { SettingsBook } from '../conference-table/settings-book.ts';
import { comparingTables, type TableChange } from '../conference-table/table-changes.ts';
import { ConfigError } from '../config/errors.ts';
import { readProfileFiles } from '../config/read-profiles.ts';
import { readTableFile, resolvingTable, type TableFile } from '../config/read-table.ts';
import type { ProfileFile } from '../profiles/profile-file.ts';
import { resolving } from '../profiles/profiles.ts';
import { comparing, type ProfileChange, TAKES_EFFECT_WORDS } from '../profiles/takes-effect.ts';
import { inSlices } from '../timing/in-slices.ts';
import { formatProblem, type Problem } from '../yaml/yaml-document.ts';

/** A change of a profile, or of the table of conferences. */
export type SettingsChange = ProfileChange | TableChange;

/** The result of reading the settings again. With problems, everything stays as it was. */
export type ReloadResult =
  | { readonly ok: true; readonly changes: readonly SettingsChange[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Called after the settings have changed. */
export type SettingsListener = (book: SettingsBook, result: ReloadResult & { ok: true }) => void;

export type SettingsStoreOptions = {
  /** The directory of the profiles. */
  directory: string;
  /** The table of conferences; there need not be such a file. */
  tablePath: string;
  /** How long the files must have been left alone: editors write in several steps. */
  settleMs?: number;
  /** How often to look, whether or not the system tells of changes. */
  pollMs?: number;
};

export type SettingsStoreDeps = {
  logger: Logger;
  /** Keeps the files for the next process, in which `lastGood` gives them. */
  keepGood?: (files: object) => void;
  lastGood?: () => Promise<unknown>;
};

const goodFiles = z.object({
  profiles: z.array(z.object({ path: z.string(), name: z.string(), text: z.string() })),
  table: z.object({ path: z.string(), text: z.string().nullable() }),
});

const SETTLE_MS = 150;
const POLL_MS = 2000;
/** The files may change while they are read; after so many times it is left to the next look. */
const MOST_READS = 5;
/** A change of thousands of conferences is one line. */
const MOST_LOGGED = 20;

/** What the files say, checked; or their mistakes. */
type Resolved =
  | { readonly ok: true; readonly book: SettingsBook }
  | { readonly ok: false; readonly problems: Problem[] };

/**
 * The profiles of a node and its table of conferences, kept up to date with their files. The system's notices of changes make it quick; looking
 * every so often makes it sure, on network file systems and when the directory itself is replaced too.
 */
export class SettingsStore {
  readonly #options: Required<SettingsStoreOptions>;
  readonly #deps: SettingsStoreDeps;
  readonly #logger: Logger;
  readonly #listeners = new Set<SettingsListener>();
  #current = new SettingsBook({ conferences: new Map(), controls: new Map(), settings: new Map() });
  /** Whether this or a former process has read a table: then its file is not missing without a word. */
  #hasTable = false;
  /** The state of the files when they were last read. */
  #seen = '';
  /** The mistakes because of which the settings are not as their files. */
  #problem: string | null = null;
  #running = false;
  #reading: Promise<unknown> = Promise.resolve();
  /** By directory: what watches it, and which one it was then. */
  readonly #watchers = new Map<string, { watcher: FSWatcher; identity: string }>();
  #settling: NodeJS.Timeout | undefined;
  #polling: NodeJS.Timeout | undefined;

  constructor(options: SettingsStoreOptions, deps: SettingsStoreDeps) {
    this.#options = { settleMs: SETTLE_MS, pollMs: POLL_MS, ...options };
    this.#deps = deps;
    this.#logger = deps.logger;
  }

  /** The settings in force; none before the start. */
  get current(): SettingsBook {
    return this.#current;
  }

  /** The mistakes that keep the files from counting; null where they count. */
  get problem(): string | null {
    return this.#problem;
  }

  /** @returns a function that ends it */
  onChange(listener: SettingsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads the files and goes on watching them. Where they have mistakes, those of a former process count.
   * @throws ConfigError with every mistake in them, where there are none either; nothing is watched then
   */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { data: files } = goodFiles.safeParse(await this.#deps.lastGood?.());
    if (files && files.table.text !== null) this.#hasTable = true;
    const result = await this.#inTurn(() => this.#read());
    if (!result.ok) {
      const former = files ? await this.#resolve(files.profiles, files.table) : result;
      if (!former.ok) {
        this.stop();
        throw ConfigError.of(result.problems);
      }
      await this.#use(former);
      this.#report(result, 'this process has started');
    }
    await this.#look();
  }

  /** The settings stay as they are. */
  stop(): void {
    this.#running = false;
    clearTimeout(this.#settling);
    clearTimeout(this.#polling);
    this.#unwatch();
  }

  /** Reads the files again, now. */
  async reload(): Promise<ReloadResult> {
    const result = await this.#inTurn(() => this.#read());
    this.#report(result, 'asked to reload');
    return result;
  }

  /** One after the other, so that an older reading never wins over a newer one. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#reading.then(work);
    this.#reading = done.catch(() => {});
    return done;
  }

  async #read(): Promise<ReloadResult> {
    const { directory, tablePath } = this.#options;
    let read: Awaited<ReturnType<typeof readProfileFiles>>;
    let table: TableFile;
    let before: string;
    let reads = 0;
    do {
      before = await this.#signature();
      [read, table] = await Promise.all([readProfileFiles(directory), readTableFile(tablePath)]);
    } while (before !== (await this.#signature()) && ++reads < MOST_READS);
    this.#seen = before;
    const resolved = read.ok ? await this.#resolve(read.files, table) : read;
    if (!resolved.ok) return { ok: false, problems: resolved.problems };
    if (read.ok) this.#deps.keepGood?.({ profiles: read.files, table });
    return this.#use(resolved);
  }

  async #resolve(files: readonly ProfileFile[], table: TableFile): Promise<Resolved> {
    const resolution = await inSlices(resolving(files));
    if (!resolution.ok) return resolution;
    if ('text' in table && table.text === null && this.#hasTable) {
      const message = 'is not there any more; put it back, or stop and start Rostrum to do without it';
      return { ok: false, problems: [{ file: table.path, line: 0, column: 0, path: '', message }] };
    }
    const parsed = await inSlices(resolvingTable(table, resolution.profiles, this.#current.table));
    return parsed.ok ? { ok: true, book: new SettingsBook(resolution.profiles, parsed.table) } : parsed;
  }

  async #use({ book }: Resolved & { ok: true }): Promise<ReloadResult & { ok: true }> {
    const { profiles, table } = this.#current;
    const changes = [
      ...(await inSlices(comparing(profiles, book.profiles))),
      ...(await inSlices(comparingTables(table, book.table))),
    ];
    const result = { ok: true, changes } as const;
    const isFirst = profiles.conferences.size === 0 && profiles.controls.size === 0;
    this.#current = book;
    this.#hasTable = book.table !== NO_TABLE;
    if (changes.length > 0 && !isFirst) for (const listener of this.#listeners) this.#call(listener, result);
    return result;
  }

  #call(listener: SettingsListener, result: ReloadResult & { ok: true }): void {
    try {
      listener(this.#current, result);
    } catch (error) {
      this.#logger.error(`settings: a change could not be passed on: ${(error as Error).message}`);
    }
  }

  /** Reads the files if they look different, makes sure that they are watched, and looks again after a while. */
  async #look(): Promise<void> {
    clearTimeout(this.#polling);
    this.#polling = undefined;
    await this.#inTurn(async () => {
      if (!this.#running) return;
      await this.#watchAll();
      if ((await this.#signature()) === this.#seen) return;
      this.#report(await this.#read(), 'files have changed');
    });
    if (!this.#running || this.#polling) return;
    this.#polling = setTimeout(() => void this.#look(), this.#options.pollMs).unref();
  }

  /** Logs the same mistakes once only, unless an operator has asked to reload. */
  #report(result: ReloadResult, why: string): void {
    if (result.ok) {
      this.#problem = null;
      for (const change of result.changes.slice(0, MOST_LOGGED)) this.#logger.info(`settings: ${inWords(change)}`);
      const more = result.changes.length - MOST_LOGGED;
      if (more > 0) this.#logger.info(`settings: and ${more} more changes`);
      if (result.changes.length === 0) this.#logger.debug(`settings: ${why}, nothing is different`);
      return;
    }
    const problems = result.problems.map(formatProblem).join('\n');
    if (problems === this.#problem && why !== 'asked to reload') return;
    this.#problem = problems;
    this.#logger.error(
      `settings: ${why}, but there are mistakes; profiles and table stay as they were until these are corrected:\n${problems}`,
    );
  }

  async #watchAll(): Promise<void> {
    const { directory, tablePath } = this.#options;
    await this.#watch(directory, () => true);
    // Others write there too, such as a log.
    if (dirname(tablePath) !== directory) {
      await this.#watch(dirname(tablePath), (name) => name === null || name === basename(tablePath));
    }
  }

  /** @param concerns whether a change of a file of this name matters; null where the name is not known */
  async #watch(directory: string, concerns: (name: string | null) => boolean): Promise<void> {
    const now = await identity(directory);
    const present = this.#watchers.get(directory);
    if (present?.identity === now) return;
    present?.watcher.close();
    this.#watchers.delete(directory);
    if (now === '' || !this.#running) return;
    try {
      const changed = (_: string, name: string | null) => concerns(name) && this.#settle();
      const watcher = watch(directory, { persistent: false }, changed);
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(directory);
      });
      this.#watchers.set(directory, { watcher, identity: now });
    } catch (error) {
      this.#logger.debug(
        `settings: the system does not notify of changes, so they are only seen every few seconds: ${(error as Error).message}`,
      );
    }
  }

  #unwatch(): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #settle(): void {
    if (!this.#running) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#look(), this.#options.settleMs).unref();
  }

  /** A text that differs whenever one of the files does. */
  async #signature(): Promise<string> {
    const { directory, tablePath } = this.#options;
    const names = await readdir(directory).catch(() => []);
    const visible = names.filter((name) => !name.startsWith('.')).sort();
    const parts = await Promise.all(visible.map(async (name) => `${name} ${await version(join(directory, name))}`));
    return [await version(tablePath), ...parts].join('\n');
  }
}

async function identity(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found ? `${found.dev}:${found.ino}` : '';
}

async function version(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found ? [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':') : '';
}

function inWords({ kind, name, change, keys }: SettingsChange): string {
  const what = keys.map(({ key, takesEffect }) => `${key} (${TAKES_EFFECT_WORDS[takesEffect]})`).join(', ');
  const which =
    kind === 'table' ? 'the table' : kind === 'listed' ? `conference ${name} of the table` : `${kind} profile ${name}`;
  return `${which} ${change}${what ? `: ${what}` : ''}`;
}
