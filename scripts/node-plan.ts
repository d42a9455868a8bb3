import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultSocketPath } from '../src/config/socket-path.ts';
import { formatSecret } from '../src/secrets/derive.ts';
import { findProgram } from './debian-root.ts';
import { freePort } from './machine.ts';
import { nodePlace, PLAN_FILE, SECRET_FILE } from './node-state.ts';

/** Addresses and ports of a node. They are kept, so that a node that died can be started again where the others expect it. */
export interface NodePlan {
  /** From 1. */
  readonly number: number;
  /** Its name in the cluster. */
  readonly nodeId: string;
  /** Of SIP, and of the RTP of phones. */
  readonly bindAddress: string;
  readonly sipPort: number;
  readonly ariAddress: string;
  readonly ariPort: number;
  /** Of the admin API. */
  readonly socketPath: string;
  /** Of the event channel and the trunk, as address and port; null for a node by itself. */
  readonly cluster: { readonly listen: string; readonly trunk: string } | null;
}

const PROFILES = fileURLToPath(new URL('../profiles/', import.meta.url));

/**
 * Plans nodes that are free to start now: the first at `bindAddress`, each further one at a loopback address of its own.
 * What nodes say to each other stays on loopback.
 */
export async function planNodes(count: number, bindAddress: string): Promise<NodePlan[]> {
  const plans: NodePlan[] = [];
  for (let number = 1; number <= count; number += 1) {
    const loopback = number === 1 ? '127.0.0.1' : `127.0.${number}.1`;
    const address = number === 1 ? bindAddress : loopback;
    const between = address.startsWith('127.') ? address : loopback;
    const listen = async () => `${between}:${await freePort(between, 7400)}`;
    const trunk = async () => `${between}:${await freePort(between, 7500)}`;
    plans.push({
      number,
      nodeId: `node${number}`,
      bindAddress: address,
      sipPort: await freePort(address, 5060),
      ariAddress: loopback,
      ariPort: await freePort(loopback, 8088),
      socketPath: number === 1 ? defaultSocketPath(process.env) : join(nodePlace(number).directory, 'rostrum.sock'),
      cluster: count === 1 ? null : { listen: await listen(), trunk: await trunk() },
    });
  }
  if (count > 1) await writeFile(SECRET_FILE, `${formatSecret(randomBytes(32))}\n`, { mode: 0o600 });
  await writeFile(PLAN_FILE, JSON.stringify(plans), { mode: 0o600 });
  return plans;
}

/** The nodes that were planned last; none if there is no plan. */
export async function readPlans(): Promise<NodePlan[]> {
  try {
    return JSON.parse(await readFile(PLAN_FILE, 'utf8')) as NodePlan[];
  } catch {
    return [];
  }
}

/** What is to be in a node's rostrum.yaml. */
export async function configOf(plan: NodePlan, all: readonly NodePlan[], ariUrl: string): Promise<object> {
  const { directory, passwordFile, asteriskDirectory } = nodePlace(plan.number);
  const { socketPath } = plan;
  return {
    asterisk: { url: ariUrl, passwordFile, recordings: join(asteriskDirectory, 'spool', 'recording') },
    profiles: PROFILES,
    api: { socket: socketPath },
    speech: { command: await findProgram('espeak-ng'), directory: join(directory, 'speech') },
    reports: { directory: join(directory, 'reports') },
    ...(plan.cluster && { cluster: clusterOf(plan, plan.cluster, all) }),
  };
}

function clusterOf(plan: NodePlan, { listen, trunk }: NonNullable<NodePlan['cluster']>, all: readonly NodePlan[]) {
  const { nodeId, bindAddress, sipPort } = plan;
  const peers = all.filter(({ number }) => number !== plan.number).flatMap(({ cluster }) => cluster?.listen ?? []);
  const sip = bindAddress === '0.0.0.0' ? {} : { sip: `sip:${bindAddress}:${sipPort}` };
  return { nodeId, secretFile: SECRET_FILE, listen, peers, trunk: { listen: trunk }, ...sip };
}
