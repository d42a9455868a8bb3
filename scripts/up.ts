import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../src/api/client.ts';
import type { NodeView } from '../src/api/schemas.ts';
import { nodeTable } from '../src/cli/text/node-text.ts';
import { LISTENERS_OF_EACH, LISTENERS_OF_ONE } from './demo-size.ts';
import { dialHints } from './dial-hints.ts';
import { type NodePlan, readPlans } from './node-plan.ts';
import { alone, DEMO, logFile, MOST_NODES, nodePlace, runningProcess } from './node-state.ts';
import { startProcess } from './running-node.ts';
import { deadNodes, startNodes, stopNodes } from './running-nodes.ts';

/** `./scripts/up`: runs a node on this machine, or several as one cluster, and says what to dial. */

type Options = { detach?: true; demo?: true; bind: string; nodes?: number };

/** Places calls and listens for some seconds, longer the more nodes there are. */
const DEMO_TIMEOUT_MS = 120_000;
const WATCH_MS = 1000;

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupted.abort(new Error('interrupted')));
}

// The reader of the output may stop reading, as in `./scripts/up | head`; the node goes on.
process.stdout.on('error', () => {});

const program = new Command('./scripts/up')
  .description('start Asterisk and Rostrum, and say what to dial')
  .option('--detach', 'return when the nodes run; ./scripts/down ends them')
  .option('--demo', 'place calls: a speaker and listeners on each node; print what each listener hears')
  .option('--nodes <number>', `number of nodes, which form one cluster, 1 to ${MOST_NODES} (default: 1)`, numberOfNodes)
  .option(
    '--bind <address>',
    'address of the first node; with a network address, phones on other machines can call',
    ipv4,
    '127.0.0.1',
  )
  .action(up);

function ipv4(address: string): string {
  if (!isIPv4(address)) throw new InvalidArgumentError('It must be an IPv4 address of this machine.');
  return address;
}

function numberOfNodes(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_NODES) return number;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MOST_NODES}.`);
}

async function up({ detach, demo, bind, nodes }: Options): Promise<void> {
  const { signal } = interrupted;
  const isOurs = await alone(async () => {
    const { plans, started } = await startNodes(nodes, bind, signal);
    const isNew = started.length === plans.length;
    if (started.length === 0) process.stdout.write('already running\n');
    else if (!isNew) process.stdout.write(`started again: ${started.map(({ nodeId }) => nodeId).join(', ')}\n`);
    try {
      process.stdout.write(dialHints(plans));
      if (demo) await startDemo(plans, signal);
      if (plans.length > 1) process.stdout.write(await nodesSeen(plans));
    } catch (error) {
      if (isNew) await stopNodes();
      throw error;
    }
    return isNew;
  }, signal);
  if (detach || !isOurs) {
    process.stdout.write('./scripts/down ends it.\n');
    return;
  }
  process.stdout.write('Ctrl-C ends it.\n');
  const diedLast = await nodesDied(signal);
  await alone(stopNodes);
  if (diedLast) throw new Error(`it has ended by itself: see ${logFile(nodePlace(diedLast.number).rostrum)}`);
}

/** What `rostrum nodes` prints at the first node. */
async function nodesSeen([first]: readonly NodePlan[]): Promise<string> {
  const seen = await new ApiClient({ socketPath: first?.socketPath ?? '' }).get<NodeView[]>('/nodes');
  return `\n${nodeTable(seen, process.stdout.columns ?? 120)}\n`;
}

/**
 * Waits until all nodes are ended. One of several that dies is told; the others go on.
 * @returns one that died by itself if it was the last, null if a signal to us or `./scripts/down` ended them
 */
async function nodesDied(signal: AbortSignal): Promise<NodePlan | null> {
  const told = new Set<string>();
  while (!signal.aborted) {
    const plans = await readPlans();
    if (plans.length === 0) return null;
    const died = await deadNodes();
    // They may be in the hands of ./scripts/down.
    if (died.length > 0 && (await alone(deadNodes)).length === plans.length) return died[0] ?? null;
    for (const { nodeId, number } of died) {
      if (told.has(nodeId) || plans.length === 1) continue;
      told.add(nodeId);
      const log = logFile(nodePlace(number).rostrum);
      process.stderr.write(`up: ${nodeId} has ended: see ${log}; ./scripts/up in another terminal starts it again\n`);
    }
    for (const nodeId of told) if (!died.some((plan) => plan.nodeId === nodeId)) told.delete(nodeId);
    await sleep(WATCH_MS, undefined, { signal }).catch(() => {});
  }
  return null;
}

/** Runs the demo in a process of its own, which goes on until the node is ended. */
async function startDemo(plans: readonly NodePlan[], signal: AbortSignal): Promise<void> {
  if (await runningProcess(DEMO)) {
    process.stdout.write('the demo is running already\n');
    return;
  }
  const several = plans.length > 1;
  process.stdout.write(
    several
      ? `placing calls: on each node a speaker and ${LISTENERS_OF_EACH} listeners; the speakers talk in turn ...\n`
      : `placing calls: one speaker, ${LISTENERS_OF_ONE} listeners ...\n`,
  );
  const servers = plans.map(({ bindAddress, sipPort }) => {
    const address = bindAddress === '0.0.0.0' ? '127.0.0.1' : bindAddress;
    return `${address}:${sipPort}`;
  });
  const socketPath = plans[0]?.socketPath ?? '';
  const child = await startProcess(DEMO, ['--import', 'tsx', 'scripts/demo.ts', ...servers], {
    socketPath,
    tells: true,
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DEMO_TIMEOUT_MS)]);
  const told = await Promise.race([once(child, 'message', { signal: limit }), once(child, 'exit', { signal: limit })])
    .then(([first]) => first as { lines: string[]; heard: boolean } | number | null)
    .catch(() => null);
  if (child.connected) child.disconnect();
  child.unref();
  signal.throwIfAborted();
  if (typeof told !== 'object' || told === null) {
    process.stderr.write(`up: the demo failed: see ${logFile(DEMO)}\n`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(told.lines.map((line) => `${line}\n`).join(''));
  if (!told.heard) process.exitCode = 1;
}

try {
  await program.parseAsync();
} catch (error) {
  // What was asked for by Ctrl-C is no failure to explain.
  if (!interrupted.signal.aborted) process.stderr.write(`up: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
