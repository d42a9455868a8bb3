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
  readonly #looks = new Map<WatchedDirectory, Promise<Finding | null>>();
  #found: readonly Finding[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: DirectoryWatchOptions, { logger }: { logger: Pick<Logger, 'info' | 'warn'> }) {
    this.#options = { everyMs: 5000, withinMs: 2000, ...options };
    this.#logger = logger;
  }

  get problems(): readonly NodeProblem[] {
    return this.#found.map(({ problem }) => problem);
  }

  /** Rejects never. */
  async start(): Promise<void> {
    const looks = await Promise.all(this.#options.directories.map((each) => this.#look(each)));
    const found = eachDiskOnce(looks.filter((each) => each !== null));
    for (const { problem } of found) {
      const isNews = !this.#found.some((before) => isSame(problem, before.problem));
      if (isNews) this.#logger.warn(`${problem.about}: ${problem.detail}`);
    }
    const stillWrong = new Set(found.flatMap(({ paths }) => paths));
    for (const { problem, paths } of this.#found) {
      const well = paths.filter((path) => !stillWrong.has(path));
      if (well.length > 0) this.#logger.info(`${problem.about}: all is well again with ${well.join(' and ')}`);
    }
    this.#found = found;
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), this.#options.everyMs).unref();
  }

  #look(directory: WatchedDirectory): Promise<Finding | null> {
    const { withinMs } = this.#options;
    const { about, path } = directory;
    const look = this.#looks.get(directory) ?? findingIn(directory).finally(() => this.#looks.delete(directory));
    this.#looks.set(directory, look);
    const words = `${path} has not answered for ${withinMs / 1000} s: see to its disk, or to the host that has it`;
    return withTimeout(look, withinMs, () => ({ problem: warning(about, words), paths: [path], disk: null }));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}

/** A problem, and the directories that have it. */
type Finding = {
  readonly problem: NodeProblem;
  readonly paths: readonly string[];
  /** The disk that is full, by the number of its device; null where it is about something else. */
  readonly disk: { readonly device: number; readonly leftBytes: number } | null;
};

/** Directories on one full disk have one problem. */
function eachDiskOnce(findings: readonly Finding[]): readonly Finding[] {
  const disks = new Map(findings.flatMap(({ disk }) => (disk === null ? [] : [[disk.device, disk]])));
  const pathsOn = (device: number) => findings.flatMap(({ disk, paths }) => (disk?.device === device ? paths : []));
  return [
    ...findings.filter(({ disk }) => disk === null),
    ...[...disks].map(([device, disk]) => diskFinding(disk, pathsOn(device))),
  ];
}

function diskFinding(disk: NonNullable<Finding['disk']>, paths: readonly string[]): Finding {
  const left = (disk.leftBytes / 1e6).toFixed(1);
  const detail = `only ${left} MB are left on the disk of ${paths.join(' and ')}: make space`;
  return { problem: warning('disk', detail), paths, disk };
}

/** Whether two problems differ at most by figures, such as the space that is left. */
function isSame(a: NodeProblem, b: NodeProblem): boolean {
  const withoutFigures = ({ about, detail }: NodeProblem) => `${about} ${detail.replace(/\d+/g, '')}`;
  return withoutFigures(a) === withoutFigures(b);
}

async function findingIn({ about, path, look }: WatchedDirectory): Promise<Finding | null> {
  const detail = await look();
  if (detail !== null) return { problem: warning(about, detail), paths: [path], disk: null };
  const disk = await fullDisk(path);
  return disk === null ? null : diskFinding(disk, [path]);
}

/** @param path of what may not be there yet */
async function fullDisk(path: string): Promise<Finding['disk']> {
  const there = await nearest(path);
  const [disk, device] = await Promise.all([statfs(there), stat(there)]).catch(() => []);
  // Some file systems do not tell their size.
  if (!disk || !device || disk.blocks === 0) return null;
  const leftBytes = disk.bavail * disk.bsize;
  return leftBytes >= LOW_BYTES ? null : { device: device.dev, leftBytes };
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
