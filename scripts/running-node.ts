import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { ApiClient } from '../src/api/client.ts';
import type { StatusView } from '../src/api/schemas.ts';
import { defaultSocketPath } from '../src/config/socket-path.ts';
import { AsteriskInstance } from './asterisk-instance.ts';
import { findEspeak } from './debian-root.ts';
import { freePort } from './machine.ts';
import {
  ASTERISK_DIRECTORY,
  CONFIG_FILE,
  forgetProcess,
  logFile,
  PASSWORD_FILE,
  type ProcessName,
  runningProcess,
  STATE_DIRECTORY,
  savedProcess,
  saveProcess,
  socketAnswers,
} from './node-state.ts';
import { isAlive, type ProcessRecord, recordOf, signalProcess } from './process-record.ts';

const REPOSITORY = fileURLToPath(new URL('../', import.meta.url));
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/** The Asterisk of the node that `./scripts/up` has started; null if the node does not run, or only in part. */
export async function runningNode(): Promise<AsteriskInstance | null> {
  if (!(await runningProcess('rostrum'))) return null;
  return AsteriskInstance.attach(ASTERISK_DIRECTORY).catch(() => null);
}

/**
 * Starts Asterisk and Rostrum, and waits until they are connected. What is left of a node that died in part is ended
 * first; if this one does not come up, nothing of it stays.
 */
export async function startNode(bindAddress: string, signal: AbortSignal): Promise<AsteriskInstance> {
  await mkdir(STATE_DIRECTORY, { recursive: true, mode: 0o700 });
  await stopNode();
  const socketPath = defaultSocketPath(process.env);
  if (await socketAnswers(socketPath)) {
    throw new Error(`another Rostrum answers at ${socketPath}: end it, or set ROSTRUM_SOCKET to another path`);
  }
  const asterisk = new AsteriskInstance({
    directory: ASTERISK_DIRECTORY,
    bindAddress,
    sipPort: await freePort(bindAddress, 5060),
    ariAddress: '127.0.0.1',
    ariPort: await freePort('127.0.0.1', 8088),
    detached: true,
  });
  try {
    await asterisk.start();
    signal.throwIfAborted();
    await startRostrum(asterisk, socketPath, signal);
  } catch (error) {
    await asterisk.stop();
    await stopNode();
    throw error;
  }
  return asterisk;
}

async function startRostrum(
  { ariUrl, ariPassword, sipAddress }: AsteriskInstance,
  socketPath: string,
  signal: AbortSignal,
): Promise<void> {
  await writeFile(PASSWORD_FILE, ariPassword, { mode: 0o600 });
  const asterisk = { url: ariUrl, passwordFile: PASSWORD_FILE };
  const speech = { command: await findEspeak(), directory: join(STATE_DIRECTORY, 'speech') };
  const reports = { directory: join(STATE_DIRECTORY, 'reports') };
  const address = sipAddress === '0.0.0.0' ? {} : { address: sipAddress };
  const relay = { ...address, sipPort: await freePort('127.0.0.1', 5070) };
  const profiles = join(REPOSITORY, 'profiles');
  await writeFile(CONFIG_FILE, stringify({ asterisk, profiles, relay, speech, reports }));
  const program = join(REPOSITORY, 'dist/cli/main.js');
  const child = await startProcess('rostrum', [program, 'start', '--config', CONFIG_FILE]);
  child.unref();
  const api = new ApiClient({ socketPath });
  for (const startedMs = performance.now(); performance.now() - startedMs < READY_TIMEOUT_MS; await sleep(POLL_MS)) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`Rostrum ended at once: ${(await readFile(logFile('rostrum'), 'utf8')).trim()}`);
    }
    const status = await api.get<StatusView>('/status').catch(() => null);
    if (status?.asterisk.connected) return;
  }
  throw new Error(
    `Rostrum was not connected to Asterisk after ${READY_TIMEOUT_MS / 1000} s: see ${logFile('rostrum')}`,
  );
}

/**
 * Starts a Node.js process of the node that outlives this one, with its output in a log.
 * @param options `tells`: it has a channel to this process; disconnect it before this process ends
 */
export async function startProcess(
  name: ProcessName,
  words: readonly string[],
  options: { readonly tells?: boolean } = {},
): Promise<ChildProcess> {
  const log = openSync(logFile(name), 'w', 0o600);
  try {
    const stdio = ['ignore', log, log, ...(options.tells ? (['ipc'] as const) : [])] as const;
    const child = spawn(process.execPath, words, { cwd: REPOSITORY, detached: true, stdio: [...stdio] });
    await once(child, 'spawn');
    const record = recordOf(child.pid ?? 0);
    if (record) await saveProcess(name, { ...record, socketPath: defaultSocketPath(process.env) });
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * Ends everything that `./scripts/up` has started, and removes what it may have left in run directories.
 * @returns whether there was anything
 */
export async function stopNode(): Promise<boolean> {
  const saved = await savedProcess('rostrum');
  // It may have lost its supervisor, and is then known to nobody else.
  const controller = saved && (await controllerAt(saved.socketPath));
  const asterisk = await AsteriskInstance.attach(ASTERISK_DIRECTORY).catch(() => null);
  await endSaved('demo');
  await endSaved('rostrum');
  if (controller) await endProcess(controller);
  if (saved && !(await socketAnswers(saved.socketPath))) await rm(saved.socketPath, { force: true });
  await asterisk?.stop();
  return saved !== undefined || asterisk !== null;
}

/** The controller of this node: not that of another one, which may answer at the same socket by now. */
async function controllerAt(socketPath: string): Promise<ProcessRecord | undefined> {
  const status = await new ApiClient({ socketPath }).get<StatusView>('/status').catch(() => null);
  const record = status && recordOf(status.pid);
  if (!record) return undefined;
  const words = (await readFile(`/proc/${record.pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return words.includes(CONFIG_FILE) ? record : undefined;
}

async function endSaved(name: ProcessName): Promise<void> {
  const saved = await savedProcess(name);
  if (saved) await endProcess(saved);
  await forgetProcess(name);
}

async function endProcess(record: ProcessRecord): Promise<void> {
  signalProcess(record, 'SIGTERM');
  for (const startedMs = performance.now(); isAlive(record); await sleep(POLL_MS)) {
    if (performance.now() - startedMs > STOP_TIMEOUT_MS) signalProcess(record, 'SIGKILL');
  }
}
