import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../src/api/client.ts';
import type { NodeView } from '../src/api/schemas.ts';
import { type NodePlan, planNodes, readPlans } from './node-plan.ts';
import { ALL_PLACES, DEMO, nodePlace, PLAN_FILE, SECRET_FILE, STATE_DIRECTORY, savedProcess } from './node-state.ts';
import { endSaved, nodeRuns, startNode, stopNode } from './running-node.ts';

const MEET_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/** What became of a spec for running nodes. */
export interface Running {
  readonly plans: readonly NodePlan[];
  /** None of them, all of them, or those that had died. */
  readonly started: readonly NodePlan[];
}

/**
 * Sees to it that nodes run: starts them, or those of them that have died, or none if all run.
 * @param count how many; undefined is as many as run, or one
 * @throws Error when another number of them runs, or one does not come up: then those that this has started are ended
 */
export async function startNodes(
  count: number | undefined,
  bindAddress: string,
  signal: AbortSignal,
): Promise<Running> {
  await mkdir(STATE_DIRECTORY, { recursive: true, mode: 0o700 });
  const known = await readPlans();
  const dead = await asyncFilter(known, async ({ number }) => !(await nodeRuns(nodePlace(number))));
  const someRun = dead.length < known.length;
  if (someRun && count !== undefined && count !== known.length) {
    throw new Error(`${nodes(known.length)} running, not ${count}: run ./scripts/down first`);
  }
  if (!someRun) await stopNodes();
  const plans = someRun ? known : await planNodes(count ?? 1, bindAddress);
  const started = someRun ? dead : plans;
  const results = await Promise.allSettled(started.map((plan) => startNode(plan, plans, signal)));
  const failed = results.find((result) => result.status === 'rejected');
  try {
    if (failed) throw failed.reason;
    if (plans.length > 1) await haveMet(plans, signal);
  } catch (error) {
    if (someRun) await Promise.all(started.map(({ number }) => stopNode(nodePlace(number))));
    else await stopNodes();
    throw error;
  }
  return { plans, started };
}

const nodes = (count: number) => (count === 1 ? '1 node is' : `${count} nodes are`);

/** Waits until each node sees all others. */
async function haveMet(plans: readonly NodePlan[], signal: AbortSignal): Promise<void> {
  const seesAll = async ({ socketPath }: NodePlan) => {
    const seen = await new ApiClient({ socketPath }).get<NodeView[]>('/nodes').catch(() => []);
    const up = seen.filter(({ state }) => state === 'self' || state === 'up').map(({ id }) => id);
    return plans.every(({ nodeId }) => up.includes(nodeId));
  };
  for (const startedMs = performance.now(); performance.now() - startedMs < MEET_TIMEOUT_MS; await sleep(POLL_MS)) {
    signal.throwIfAborted();
    if ((await asyncFilter(plans, seesAll)).length === plans.length) return;
  }
  throw new Error(
    `the nodes have not found each other after ${MEET_TIMEOUT_MS / 1000} s: see the logs in ${STATE_DIRECTORY}`,
  );
}

/** The planned nodes of which something has died by itself: they run no more, and nobody has ended them. */
export async function deadNodes(): Promise<NodePlan[]> {
  return asyncFilter(await readPlans(), async ({ number }) => {
    const place = nodePlace(number);
    return (await savedProcess(place.rostrum)) !== undefined && !(await nodeRuns(place));
  });
}

/**
 * Ends everything that `./scripts/up` has started.
 * @returns whether there was anything
 */
export async function stopNodes(): Promise<boolean> {
  await endSaved(DEMO);
  const ended = await Promise.all(ALL_PLACES.map(stopNode));
  await rm(PLAN_FILE, { force: true });
  await rm(SECRET_FILE, { force: true });
  return ended.includes(true);
}

async function asyncFilter<T>(all: readonly T[], holds: (one: T) => Promise<boolean>): Promise<T[]> {
  const held = await Promise.all(all.map(holds));
  return all.filter((_, index) => held[index]);
}
