import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { ApiClient } from '../src/api/client.ts';
import type { StatusView } from '../src/api/schemas.ts';
import { isAlive, type ProcessRecord, recordOf, signalProcess } from '../src/process/process-record.ts';
import { AsteriskInstance } from './asterisk-instance.ts';
import { removeTraces } from './asterisk-process.ts';
import { configOf, type NodePlan } from './node-plan.ts';
import {
  forgetProcess,
  logFile,
  type NodePlace,
  nodePlace,
  runningProcess,
  type SavedName,
  savedProcess,
  saveProcess,
  socketAnswers,
} from './node-state.ts';

const REPOSITORY = fileURLToPath(new URL('../', import.meta.url));
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/** Whether a node runs, and not only a part of it. */
export async function nodeRuns(place: NodePlace): Promise<boolean> {
  if (!(await runningProcess(place.rostrum))) return false;
  return AsteriskInstance.attach(place.asteriskDirectory).then(
    () => true,
    () => false,
  );
}

/**
 * Starts Asterisk and Rostrum, and waits until they are connected. What is left of a node that died in part is ended
 * first; if this one does not come up, nothing of it stays.
 * @param all every node of the cluster, this one included
 */
export async function startNode(plan: NodePlan, all: readonly NodePlan[], signal: AbortSignal): Promise<void> {
  const place = nodePlace(plan.number);
  await mkdir(place.directory, { recursive: true, mode: 0o700 });
  await stopNode(place);
  if (await socketAnswers(plan.socketPath)) {
    throw new Error(`another Rostrum answers at ${plan.socketPath}: end it, or set ROSTRUM_SOCKET to another path`);
  }
  const { bindAddress, sipPort, ariAddress, ariPort } = plan;
  const directory = place.asteriskDirectory;
  const asterisk = new AsteriskInstance({ directory, bindAddress, sipPort, ariAddress, ariPort, detached: true });
  try {
    await asterisk.start();
    signal.throwIfAborted();
    await writeFile(place.passwordFile, asterisk.ariPassword, { mode: 0o600 });
    await writeFile(place.configFile, stringify(await configOf(plan, all, asterisk.ariUrl)));
    await startRostrum(place, plan.socketPath, signal);
  } catch (error) {
    await asterisk.stop();
    await stopNode(place);
    throw error;
  }
}

async function startRostrum(
  { rostrum, configFile }: NodePlace,
  socketPath: string,
  signal: AbortSignal,
): Promise<void> {
  const program = join(REPOSITORY, 'dist/cli/main.js');
  const child = await startProcess(rostrum, [program, 'start', '--config', configFile], { socketPath });
  child.unref();
  const api = new ApiClient({ socketPath });
  for (const startedMs = performance.now(); performance.now() - startedMs < READY_TIMEOUT_MS; await sleep(POLL_MS)) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`Rostrum ended at once: ${(await readFile(logFile(rostrum), 'utf8')).trim()}`);
    }
    const status = await api.get<StatusView>('/status').catch(() => null);
    if (status?.asterisk.connected && status.relay.connected) return;
  }
  throw new Error(`Rostrum was not connected to Asterisk after ${READY_TIMEOUT_MS / 1000} s: see ${logFile(rostrum)}`);
}

/**
 * Starts a Node.js process of the node that outlives this one, with its output in a log.
 * @param options `socketPath`: of the node's admin API; `tells`: it has a channel to this process, to be disconnected
 * before this process ends
 */
export async function startProcess(
  name: SavedName,
  words: readonly string[],
  options: { readonly socketPath: string; readonly tells?: boolean },
): Promise<ChildProcess> {
  const log = openSync(logFile(name), 'w', 0o600);
  try {
    const stdio = ['ignore', log, log, ...(options.tells ? (['ipc'] as const) : [])] as const;
    const child = spawn(process.execPath, words, { cwd: REPOSITORY, detached: true, stdio: [...stdio] });
    await once(child, 'spawn');
    const record = recordOf(child.pid ?? 0);
    if (record) await saveProcess(name, { ...record, socketPath: options.socketPath });
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * Ends what runs of a node, and removes what it may have left in run directories.
 * @returns whether there was anything
 */
export async function stopNode({ rostrum, configFile, asteriskDirectory }: NodePlace): Promise<boolean> {
  const saved = await savedProcess(rostrum);
  // It may have lost its supervisor, and is then known to nobody else.
  const controller = saved && (await controllerAt(saved.socketPath, configFile));
  const asterisk = await AsteriskInstance.attach(asteriskDirectory).catch(() => null);
  await endSaved(rostrum);
  if (controller) await endProcess(controller);
  if (saved) await removeSockets(saved.socketPath);
  if (asterisk) await asterisk.stop();
  else await removeTraces(asteriskDirectory);
  return saved !== undefined || asterisk !== null;
}

/** What a killed process leaves; not those of somebody who has taken the place. */
async function removeSockets(socketPath: string): Promise<void> {
  for (const path of [socketPath, join(dirname(socketPath), 'relay.sock')]) {
    if (!(await socketAnswers(path))) await rm(path, { force: true });
  }
}

/** The controller of this node: not that of another one, which may answer at the same socket by now. */
async function controllerAt(socketPath: string, configFile: string): Promise<ProcessRecord | undefined> {
  const status = await new ApiClient({ socketPath }).get<StatusView>('/status').catch(() => null);
  const record = status && recordOf(status.pid);
  if (!record) return undefined;
  const words = (await readFile(`/proc/${record.pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return words.includes(configFile) ? record : undefined;
}

/** Ends a process that {@link startProcess} has started, if it runs. */
export async function endSaved(name: SavedName): Promise<void> {
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
