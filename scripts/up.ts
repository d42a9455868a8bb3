import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { AsteriskInstance } from './asterisk-instance.ts';
import { alone, logFile, runningProcess, savedProcess } from './node-state.ts';
import { runningNode, startNode, startProcess, stopNode } from './running-node.ts';
import { whatToDial } from './what-to-dial.ts';

/** `./scripts/up`: runs a node on this machine and says what to dial. */

type Options = { detach?: true; demo?: true; bind: string };

/** Places calls and listens for some seconds. */
const DEMO_TIMEOUT_MS = 60_000;
const WATCH_MS = 1000;

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupted.abort(new Error('interrupted')));
}

// Whoever reads the output may stop reading, as in `./scripts/up | head`; the node goes on.
process.stdout.on('error', () => {});

const program = new Command('./scripts/up')
  .description('start Asterisk and Rostrum, and say what to dial')
  .option('--detach', 'return when they run; ./scripts/down ends them')
  .option('--demo', 'place calls: a speaker and ten listeners, and print what each hears')
  .option('--bind <address>', 'address for phones; with that of a network, other machines can call', ipv4, '127.0.0.1')
  .action(up);

function ipv4(address: string): string {
  if (!isIPv4(address)) throw new InvalidArgumentError('It must be an IPv4 address of this machine.');
  return address;
}

async function up({ detach, demo, bind }: Options): Promise<void> {
  const { signal } = interrupted;
  const isOurs = await alone(async () => {
    const already = await runningNode();
    try {
      const asterisk = already ?? (await startNode(bind, signal));
      process.stdout.write(already ? 'already running\n' : '');
      process.stdout.write(whatToDial(asterisk));
      if (demo) await startDemo(asterisk, signal);
    } catch (error) {
      if (!already) await stopNode();
      throw error;
    }
    return !already;
  }, signal);
  if (detach || !isOurs) {
    process.stdout.write('./scripts/down ends it.\n');
    return;
  }
  process.stdout.write('Ctrl-C ends it.\n');
  const died = await nodeDied(signal);
  await alone(stopNode);
  if (died) throw new Error(`the node has ended by itself: see ${logFile('rostrum')}`);
}

/** Waits until the node is ended: false if by a signal to us or by `./scripts/down`, true if it died. */
async function nodeDied(signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (!(await savedProcess('rostrum'))) return false;
    if (!(await runningNode())) {
      // It may be in the hands of ./scripts/down.
      return alone(async () => (await savedProcess('rostrum')) !== undefined);
    }
    await sleep(WATCH_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** Runs the demo in a process of its own, which goes on until the node is ended. */
async function startDemo({ sipAddress, sipPort }: AsteriskInstance, signal: AbortSignal): Promise<void> {
  if (await runningProcess('demo')) {
    process.stdout.write('the demo is running already\n');
    return;
  }
  process.stdout.write('placing calls: one speaker, ten listeners ...\n');
  const address = sipAddress === '0.0.0.0' ? '127.0.0.1' : sipAddress;
  const words = ['--import', 'tsx', 'scripts/demo.ts', address, String(sipPort)];
  const child = await startProcess('demo', words, { tells: true });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DEMO_TIMEOUT_MS)]);
  const told = await Promise.race([once(child, 'message', { signal: limit }), once(child, 'exit', { signal: limit })])
    .then(([first]) => first as { lines: string[]; heard: boolean } | number | null)
    .catch(() => null);
  if (child.connected) child.disconnect();
  child.unref();
  signal.throwIfAborted();
  if (typeof told !== 'object' || told === null) {
    process.stderr.write(`up: the demo failed: see ${logFile('demo')}\n`);
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
