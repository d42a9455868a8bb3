import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/machine.ts';
import type { NodeView } from '../../src/api/schemas.ts';
import { formatSecret } from '../../src/secrets/derive.ts';
import { RostrumNode, type RostrumNodeOptions } from './rostrum-node.ts';

export type RostrumClusterOptions = {
  /** By name: a loopback address for each node, that no other node of the same run uses. */
  nodes: Readonly<Record<string, string>>;
  /** Keys of `cluster` in rostrum.yaml of all nodes that differ from those of a mesh on loopback. */
  cluster?: Record<string, unknown>;
  /** ... of `cluster` of single nodes, by name. */
  each?: Readonly<Record<string, Record<string, unknown>>>;
  /** ... of `cluster.trunk`. */
  trunk?: Record<string, unknown>;
} & Omit<RostrumNodeOptions, 'bindAddress'>;

const READY_TIMEOUT_MS = 15_000;

/** Several complete nodes that are one cluster, on one machine. */
export class RostrumCluster {
  readonly nodes: ReadonlyMap<string, RostrumNode>;
  readonly #directory: string;

  private constructor(directory: string, nodes: ReadonlyMap<string, RostrumNode>) {
    this.#directory = directory;
    this.nodes = nodes;
  }

  static async start(options: RostrumClusterOptions): Promise<RostrumCluster> {
    const { nodes: addresses, cluster = {}, each = {}, trunk = {}, config = {}, ...rest } = options;
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-cluster-'));
    const secretFile = join(directory, 'secret');
    await writeFile(secretFile, `${formatSecret(randomBytes(32))}\n`, { mode: 0o600 });
    const listens = new Map<string, string>();
    for (const [name, address] of Object.entries(addresses)) listens.set(name, `${address}:${await freePort(address)}`);
    const nodes = new Map<string, RostrumNode>();
    const started = new RostrumCluster(directory, nodes);
    try {
      await Promise.all(
        Object.entries(addresses).map(async ([nodeId, bindAddress]) => {
          const peers = [...listens].filter(([name]) => name !== nodeId).map(([, listen]) => listen);
          const own = {
            nodeId,
            secretFile,
            listen: listens.get(nodeId),
            peers,
            ...cluster,
            ...each[nodeId],
            trunk: { listen: `${bindAddress}:${await freePort(bindAddress)}`, ...trunk },
          };
          nodes.set(nodeId, await RostrumNode.start({ ...rest, bindAddress, config: { ...config, cluster: own } }));
        }),
      );
      await started.waitUntilComplete();
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  node(name: string): RostrumNode {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  /** Waits until every node sees every other one. */
  async waitUntilComplete(): Promise<void> {
    for (const startedMs = performance.now(); performance.now() - startedMs < READY_TIMEOUT_MS; await sleep(50)) {
      const seen = await Promise.all([...this.nodes.values()].map((node) => node.api.get<NodeView[]>('/nodes')));
      const complete = seen.every((nodes) => nodes.filter(({ state }) => state !== 'gone').length === this.nodes.size);
      if (complete && seen.every((nodes) => nodes.every(({ state }) => state === 'self' || state === 'up'))) return;
    }
    const logs = await Promise.all([...this.nodes].map(async ([name, node]) => `${name}:\n${await node.log()}`));
    throw new Error(`the nodes did not find each other\n${logs.join('\n')}`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.stop()));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
