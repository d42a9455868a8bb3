import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'winston';
import { z } from 'zod';
import { ConfigError } from '../config/errors.ts';
import { readProfileFiles } from '../config/read-profiles.ts';
import { type Profiles, type Resolution, resolving } from '../profiles/profiles.ts';
import { comparing, type ProfileChange, TAKES_EFFECT_WORDS } from '../profiles/takes-effect.ts';
import { inSlices } from '../timing/in-slices.ts';
import { formatProblem, type Problem } from '../yaml/yaml-document.ts';

/** The result of reading the profiles again. With problems, everything stays as it was. */
export type ReloadResult =
  | { readonly ok: true; readonly changes: readonly ProfileChange[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Called after the profiles have changed. */
export type ProfilesListener = (profiles: Profiles, result: ReloadResult & { ok: true }) => void;

export type ProfileStoreOptions = {
  directory: string;
  /** How long the files must have been left alone: editors write in several steps. */
  settleMs?: number;
  /** How often to look, whether or not the system tells of changes. */
  pollMs?: number;
};

export type ProfileStoreDeps = {
  logger: Logger;
  /** Keeps the files for the next process, in which `lastGood` gives them. */
  keepGood?: (files: object) => void;
  lastGood?: () => Promise<unknown>;
};

const goodFiles = z.array(z.object({ path: z.string(), name: z.string(), text: z.string() }));

const SETTLE_MS = 150;
const POLL_MS = 2000;
/** The files may change while they are read; after so many times it is left to the next look. */
const MOST_READS = 5;

/**
 * The profiles of a node, kept up to date with their directory. The system's notices of changes make it quick; looking
 * every so often makes it sure, on network file systems and when the directory itself is replaced too.
 */
export class ProfileStore {
  readonly #options: Required<ProfileStoreOptions>;
  readonly #deps: ProfileStoreDeps;
  readonly #logger: Logger;
  readonly #listeners = new Set<ProfilesListener>();
  #current: Profiles = { conferences: new Map(), controls: new Map(), settings: new Map() };
  /** The state of the directory when it was last read. */
  #seen = '';
  /** The mistakes because of which the profiles are not as their files. */
  #problem: string | null = null;
  #running = false;
  #reading: Promise<unknown> = Promise.resolve();
  #watcher: FSWatcher | null = null;
  #watched = '';
  #settling: NodeJS.Timeout | undefined;
  #polling: NodeJS.Timeout | undefined;

  constructor(options: ProfileStoreOptions, deps: ProfileStoreDeps) {
    this.#options = { settleMs: SETTLE_MS, pollMs: POLL_MS, ...options };
    this.#deps = deps;
    this.#logger = deps.logger;
  }

  /** The profiles in force; none before the start. */
  get current(): Profiles {
    return this.#current;
  }

  /** The mistakes that keep the files from counting; null where they count. */
  get problem(): string | null {
    return this.#problem;
  }

  /** @returns a function that ends it */
  onChange(listener: ProfilesListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads the profiles and goes on watching them. Where they have mistakes, those of a former process count.
   * @throws ConfigError with every mistake in them, where there are none either; nothing is watched then
   */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const result = await this.#inTurn(() => this.#read());
    if (!result.ok) {
      const files = goodFiles.safeParse(await this.#deps.lastGood?.());
      const former = files.success ? await inSlices(resolving(files.data)) : result;
      if (!former.ok) {
        this.stop();
        throw ConfigError.of(result.problems);
      }
      await this.#use(former);
      this.#report(result, 'this process has started');
    }
    await this.#look();
  }

  /** The profiles stay as they are. */
  stop(): void {
    this.#running = false;
    clearTimeout(this.#settling);
    clearTimeout(this.#polling);
    this.#unwatch();
  }

  /** Reads the profiles again, now. */
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
    let read: Awaited<ReturnType<typeof readProfileFiles>>;
    let before: string;
    let reads = 0;
    do {
      before = await this.#signature();
      read = await readProfileFiles(this.#options.directory);
    } while (before !== (await this.#signature()) && ++reads < MOST_READS);
    this.#seen = before;
    const resolution = read.ok ? await inSlices(resolving(read.files)) : read;
    if (!resolution.ok) return { ok: false, problems: resolution.problems };
    if (read.ok) this.#deps.keepGood?.(read.files);
    return this.#use(resolution);
  }

  async #use(resolution: Resolution & { ok: true }): Promise<ReloadResult & { ok: true }> {
    const changes = await inSlices(comparing(this.#current, resolution.profiles));
    const result = { ok: true, changes } as const;
    const isFirst = this.#current.conferences.size === 0 && this.#current.controls.size === 0;
    this.#current = resolution.profiles;
    if (changes.length > 0 && !isFirst) for (const listener of this.#listeners) this.#call(listener, result);
    return result;
  }

  #call(listener: ProfilesListener, result: ReloadResult & { ok: true }): void {
    try {
      listener(this.#current, result);
    } catch (error) {
      this.#logger.error(`profiles: a change could not be passed on: ${(error as Error).message}`);
    }
  }

  /** Reads the profiles if they look different, makes sure that they are watched, and looks again after a while. */
  async #look(): Promise<void> {
    clearTimeout(this.#polling);
    this.#polling = undefined;
    await this.#inTurn(async () => {
      if (!this.#running) return;
      await this.#watchDirectory();
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
      for (const { name, kind, change, keys } of result.changes) {
        const what = keys.map(({ key, takesEffect }) => `${key} (${TAKES_EFFECT_WORDS[takesEffect]})`).join(', ');
        this.#logger.info(`profiles: ${kind} profile ${name} ${change}${what ? `: ${what}` : ''}`);
      }
      if (result.changes.length === 0) this.#logger.debug(`profiles: ${why}, nothing is different`);
      return;
    }
    const problems = result.problems.map(formatProblem).join('\n');
    if (problems === this.#problem && why !== 'asked to reload') return;
    this.#problem = problems;
    this.#logger.error(
      `profiles: ${why}, but there are mistakes; all profiles stay as they were until these are corrected:\n${problems}`,
    );
  }

  async #watchDirectory(): Promise<void> {
    const { directory } = this.#options;
    const now = await identity(directory);
    if (this.#watcher && now === this.#watched) return;
    this.#unwatch();
    if (now === '' || !this.#running) return;
    try {
      this.#watcher = watch(directory, { persistent: false }, () => this.#settle());
      this.#watcher.on('error', () => this.#unwatch());
      this.#watched = now;
    } catch (error) {
      this.#logger.debug(
        `profiles: the system does not notify of changes, so they are only seen every few seconds: ${(error as Error).message}`,
      );
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = null;
    this.#watched = '';
  }

  #settle(): void {
    if (!this.#running) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#look(), this.#options.settleMs).unref();
  }

  /** A text that differs whenever a file of the directory does. */
  async #signature(): Promise<string> {
    const { directory } = this.#options;
    const names = await readdir(directory).catch(() => []);
    const visible = names.filter((name) => !name.startsWith('.')).sort();
    const parts = await Promise.all(visible.map(async (name) => `${name} ${await version(join(directory, name))}`));
    return parts.join('\n');
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
