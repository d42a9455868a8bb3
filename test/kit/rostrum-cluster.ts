import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/machine.ts';
import type { NodeView } from '../../src/api/schemas.ts';
import { formatSecret } from '../../src/secrets/derive.ts';
import { ClusterNetwork, type NodePlaces } from './cluster-network.ts';
import { type Endpoint, ownAddress } from './loopback.ts';
import { NatsServer } from './nats-server.ts';
import { RostrumNode, type RostrumNodeOptions } from './rostrum-node.ts';
import { hostPort } from './sip/address.ts';

export type RostrumClusterOptions = {
  /** Their names. Each node has a loopback address of its own. */
  nodes: readonly string[];
  /** Keys of `cluster` in rostrum.yaml of all nodes that differ from those of a mesh on loopback. */
  cluster?: Record<string, unknown>;
  /** ... of `cluster` of single nodes, by name. */
  each?: Readonly<Record<string, Record<string, unknown>>>;
  /** ... of `cluster.trunk`. */
  trunk?: Record<string, unknown>;
  /** The address at which all nodes reach each other, such as `::1`; without it, each has that of its Asterisk. */
  between?: string;
  /** What controllers tell each other goes over a NATS server, which is started too. */
  nats?: boolean;
  /** Between the nodes there is a network that can be split. */
  network?: boolean;
} & Omit<RostrumNodeOptions, 'bindAddress'>;

const READY_TIMEOUT_MS = 15_000;

/** Several complete nodes that are one cluster, on one machine. */
export class RostrumCluster {
  readonly nodes: ReadonlyMap<string, RostrumNode>;
  /** Where controllers listen, by name. */
  readonly listens: ReadonlyMap<string, string>;
  readonly secretFile: string;
  readonly #directory: string;
  readonly #network: ClusterNetwork | null;
  readonly #nats: NatsServer | null;

  private constructor(
    parts: Pick<RostrumCluster, 'nodes' | 'listens' | 'secretFile'> & {
      directory: string;
      network: ClusterNetwork | null;
      nats: NatsServer | null;
    },
  ) {
    this.nodes = parts.nodes;
    this.listens = parts.listens;
    this.secretFile = parts.secretFile;
    this.#directory = parts.directory;
    this.#network = parts.network;
    this.#nats = parts.nats;
  }

  static async start(options: RostrumClusterOptions): Promise<RostrumCluster> {
    const { nodes: names, cluster = {}, each = {}, trunk = {}, config = {}, between, nats, network, ...rest } = options;
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-cluster-'));
    const secretFile = join(directory, 'secret');
    await writeFile(secretFile, `${formatSecret(randomBytes(32))}\n`, { mode: 0o600 });
    const places = new Map<string, NodePlaces>();
    for (const name of names) {
      const address = between ?? ownAddress();
      const [listen, media] = [await freePort(address), await freePort(address)];
      places.set(name, { listen: { address, port: listen }, trunk: { address, port: media } });
    }
    const nodes = new Map<string, RostrumNode>();
    const listens = new Map([...places].map(([name, { listen }]) => [name, textOf(listen)]));
    const started = new RostrumCluster({
      directory,
      secretFile,
      nodes,
      listens,
      network: network ? new ClusterNetwork(places) : null,
      nats: nats ? new NatsServer(await freePort('127.0.0.1')) : null,
    });
    try {
      await started.#network?.start();
      await started.#nats?.start();
      await Promise.all(
        [...places].map(async ([nodeId, place]) => {
          const own = started.#configOf(nodeId, place, trunk);
          const bindAddress = between === undefined ? place.listen.address : ownAddress();
          const given = { ...config, cluster: { ...own, ...cluster, ...each[nodeId] } };
          nodes.set(nodeId, await RostrumNode.start({ ...rest, bindAddress, config: given }));
        }),
      );
      await started.waitUntilComplete();
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** What can be split between its nodes. */
  get network(): ClusterNetwork {
    if (!this.#network) throw new Error('started without a network');
    return this.#network;
  }

  /** What its controllers tell each other over, where it is NATS. */
  get nats(): NatsServer {
    if (!this.#nats) throw new Error('started without NATS');
    return this.#nats;
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
    await this.#network?.stop();
    await this.#nats?.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #configOf(nodeId: string, place: NodePlaces, trunk: Record<string, unknown>): Record<string, unknown> {
    const { secretFile } = this;
    const advertised = this.#network && { address: this.#network.trunkAddressOf(nodeId) };
    const common = { nodeId, secretFile, trunk: { listen: textOf(place.trunk), ...advertised, ...trunk } };
    if (this.#nats) return { ...common, transport: 'nats', nats: { url: this.#nats.url } };
    const direct = [...this.listens].filter(([name]) => name !== nodeId).map(([, listen]) => listen);
    return { ...common, listen: textOf(place.listen), peers: this.#network?.peersOf(nodeId) ?? direct };
  }
}

function textOf({ address, port }: Endpoint): string {
  return hostPort({ host: address, port });
}
