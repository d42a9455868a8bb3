import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'winston';
import { mayWrite } from '../base/directory-rights.ts';
import { withTimeout } from '../timing/with-timeout.ts';
import { type NodeProblem, warning } from './health.ts';

/** Less is used up by a recording of an hour. */
const LOW_BYTES = 100_000_000;

/** A directory into which this node or its Asterisk writes. */
export type WatchedDirectory = {
  readonly about: NodeProblem['about'];
  readonly path: string;
  /** @returns why it cannot be written, and what to do; null if it can, or nothing is known */
  readonly look: () => Promise<string | null>;
};

export type DirectoryWatchOptions = {
  readonly directories: readonly WatchedDirectory[];
  readonly everyMs?: number;
  /** A directory that has not answered for so long has a problem, as on a network disk that hangs. */
  readonly withinMs?: number;
};

/** Looks at the start and every so often whether directories can be written, and whether there is space on their disks. */
export class DirectoryWatch {
  readonly #options: Required<DirectoryWatchOptions>;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  /** Those that are not over: a directory that hangs is not asked again, since each question takes a thread. */
  readonly #looks = new Map<WatchedDirectory, Promise<NodeProblem | null>>();
  /** Of each directory. */
  #found: readonly (NodeProblem | null)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: DirectoryWatchOptions, { logger }: { logger: Pick<Logger, 'info' | 'warn'> }) {
    this.#options = { everyMs: 5000, withinMs: 2000, ...options };
    this.#logger = logger;
  }

  get problems(): readonly NodeProblem[] {
    return this.#found.filter((problem) => problem !== null);
  }

  /** Rejects never. */
  async start(): Promise<void> {
    const { directories } = this.#options;
    const found = await Promise.all(directories.map((each) => this.#look(each)));
    for (const [index, { path }] of directories.entries()) {
      const [before, now] = [this.#found[index], found[index]];
      if (now && !isSame(now, before)) this.#logger.warn(`${now.about}: ${now.detail}`);
      if (before && !now) this.#logger.info(`${before.about}: all is well again with ${path}`);
    }
    this.#found = found;
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), this.#options.everyMs).unref();
  }

  #look(directory: WatchedDirectory): Promise<NodeProblem | null> {
    const { withinMs } = this.#options;
    const look = this.#looks.get(directory) ?? problemOf(directory).finally(() => this.#looks.delete(directory));
    this.#looks.set(directory, look);
    const words = `${directory.path} has not answered for ${withinMs / 1000} s: see to its disk, or to the host that has it`;
    return withTimeout(look, withinMs, () => warning(directory.about, words));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}

/** Whether two problems differ at most by figures, such as the space that is left. */
function isSame(a: NodeProblem, b: NodeProblem | null | undefined): boolean {
  const withoutFigures = ({ about, detail }: NodeProblem) => `${about} ${detail.replace(/\d+/g, '')}`;
  return b ? withoutFigures(a) === withoutFigures(b) : false;
}

async function problemOf({ about, path, look }: WatchedDirectory): Promise<NodeProblem | null> {
  const detail = await look();
  if (detail !== null) return warning(about, detail);
  const space = await lowSpace(path);
  return space === null ? null : warning('disk', space);
}

/** @param path of what may not be there yet */
async function lowSpace(path: string): Promise<string | null> {
  const disk = await statfs(await nearest(path)).catch(() => null);
  // Some file systems do not tell their size.
  if (!disk || disk.blocks === 0) return null;
  const bytes = disk.bavail * disk.bsize;
  return bytes >= LOW_BYTES ? null : `only ${(bytes / 1e6).toFixed(1)} MB are left on the disk of ${path}: make space`;
}

/**
 * Whether Asterisk can write its recordings.
 * @param uid the user that Asterisk runs as; null where it is not found, so that nothing is known about its directories
 */
export async function recordingsProblem(path: string, uid: number | null): Promise<string | null> {
  if (uid === null) return null;
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return `${path} is no directory, so recordings fail: install -d -o ${uid} ${path}`;
  if (mayWrite({ ownerUid: found.uid, mode: found.mode }, uid)) return null;
  return `${path} belongs to user ${found.uid}, but Asterisk runs as user ${uid}, so recordings fail: chown ${uid} ${path}`;
}

/** Whether this process can write spoken prompts. @param path made at the first use */
export async function promptsProblem(path: string): Promise<string | null> {
  const there = await nearest(path);
  return access(there, constants.W_OK | constants.X_OK).then(
    async () => ((await stat(there)).isDirectory() ? null : `${there} is no directory, so spoken prompts are silent`),
    ({ code }: NodeJS.ErrnoException) =>
      `${there} cannot be written (${code}), so spoken prompts are silent: correct speech.directory or its rights`,
  );
}

/** A path, or the first directory above it that is there. */
async function nearest(path: string): Promise<string> {
  const isThere = (await stat(path).catch(() => null)) !== null;
  return isThere || path === dirname(path) ? path : nearest(dirname(path));
}
