import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessRecord } from '../src/process/process-record.ts';

/** What `./scripts/up` keeps on disk about the nodes of this user, which are one cluster. */

const LOCK_TIMEOUT_MS = 120_000;
const LOCK_POLL_MS = 100;

export const STATE_DIRECTORY = join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'rostrum');
export const PLAN_FILE = join(STATE_DIRECTORY, 'nodes.json');
export const SECRET_FILE = join(STATE_DIRECTORY, 'cluster-secret');

/** More would not find room on one machine, and it is as many as there are addresses for. */
export const MOST_NODES = 8;

/** Where a node has its files. */
export interface NodePlace {
  /** From 1. */
  readonly number: number;
  readonly directory: string;
  readonly configFile: string;
  readonly passwordFile: string;
  readonly asteriskDirectory: string;
  readonly rostrum: SavedName;
}

/** A process that is kept on disk: the path of its record and its log, without what they end in. */
export type SavedName = string & { readonly saved: never };

export const DEMO = join(STATE_DIRECTORY, 'demo') as SavedName;

/** The files of the first node are in the state directory itself. */
export function nodePlace(number: number): NodePlace {
  const directory = number === 1 ? STATE_DIRECTORY : join(STATE_DIRECTORY, `node${number}`);
  return {
    number,
    directory,
    configFile: join(directory, 'rostrum.yaml'),
    passwordFile: join(directory, 'ari-password'),
    asteriskDirectory: join(directory, 'asterisk'),
    rostrum: join(directory, 'rostrum') as SavedName,
  };
}

/** Of all nodes that there may be. */
export const ALL_PLACES: readonly NodePlace[] = Array.from({ length: MOST_NODES }, (_, index) => nodePlace(index + 1));

interface SavedProcess extends ProcessRecord {
  /** Of the admin API; the environment in which `down` runs may lead to another one. */
  readonly socketPath: string;
}

export const logFile = (name: SavedName) => `${name}.log`;
const recordFile = (name: SavedName) => `${name}.json`;

/** The process that was started under this name and not yet forgotten, alive or not. */
export async function savedProcess(name: SavedName): Promise<SavedProcess | undefined> {
  try {
    return JSON.parse(await readFile(recordFile(name), 'utf8')) as SavedProcess;
  } catch {
    return undefined;
  }
}

/** The process that was started under this name, if it still lives. */
export async function runningProcess(name: SavedName): Promise<SavedProcess | undefined> {
  const saved = await savedProcess(name);
  return saved && isAlive(saved) ? saved : undefined;
}

export function saveProcess(name: SavedName, saved: SavedProcess): Promise<void> {
  return writeFile(recordFile(name), JSON.stringify(saved), { mode: 0o600 });
}

export function forgetProcess(name: SavedName): Promise<void> {
  return rm(recordFile(name), { force: true });
}

/**
 * Runs a step while no other process of this user starts or ends the node. The lock is an abstract unix socket
 * (unix(7)): it leaves no file, and the kernel takes it back from a process that dies.
 *
 * @throws Error when another process holds it for two minutes, or `signal` aborts the waiting
 */
export async function alone<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const startedMs = performance.now();
  let lock = await takeLock();
  for (; lock === null; lock = await takeLock()) {
    if (performance.now() - startedMs > LOCK_TIMEOUT_MS) {
      throw new Error('another ./scripts/up or ./scripts/down has been at work for two minutes');
    }
    await sleep(LOCK_POLL_MS, undefined, { signal });
  }
  lock.unref();
  try {
    return await step();
  } finally {
    lock.close();
  }
}

/** Null while another process has it. */
function takeLock(): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen({ path: lockName() }, () => resolve(server));
  });
}

/** `sun_path` holds 108 bytes: of a long directory, the end tells it from others. */
function lockName(): string {
  return `\0rostrum:${process.getuid?.()}:${STATE_DIRECTORY.slice(-80)}`;
}

/** Whether a process answers at a unix socket. */
export function socketAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
