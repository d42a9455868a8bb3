import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/machine.ts';
import type { RelayReport, TrunkPeerSpec, TrunkStatsReport } from '../../src/relay/protocol/protocol.ts';
import { formatSecret } from '../../src/secrets/derive.ts';
import { FakeFloor } from './fake-floor.ts';
import { nobody } from './floor-voices.ts';
import type { Endpoint } from './loopback.ts';
import { RelayAlone } from './relay-alone.ts';

export const CONFERENCE = '3000';
const TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 5;

/** Where a relay is told that another one is. */
export type Route = (from: string, to: string) => Endpoint;

export type TrunkRelaysOptions = {
  /** By name: a loopback address for each, that nothing else in the run uses. */
  nodes: Readonly<Record<string, string>>;
  /** Keys of `cluster.trunk` of all of them. */
  trunk?: Record<string, unknown>;
  /** Leads packets another way, given where the relays are. */
  route?: (trunks: Readonly<Record<string, Endpoint>>) => Promise<Route>;
};

type Node = {
  readonly name: string;
  readonly trunk: Endpoint;
  readonly floor: FakeFloor;
  relay: RelayAlone;
  /** The port of its floor leg, kept over a restart. */
  floorPort: number | null;
};

/** Someone else on the trunk, who is no relay of ours. */
export type Stranger = { nodeId: string; address: Endpoint | null; told: (node: string, report: Announce) => void };
type Announce = Extract<RelayReport, { type: 'announce' }>;

/**
 * Relays of several nodes that share a conference, without Asterisk and controllers: what those would do is done here.
 * Keys are told from relay to relay as controllers do it.
 */
export class TrunkRelays {
  readonly #directory: string;
  readonly #options: TrunkRelaysOptions;
  readonly #nodes = new Map<string, Node>();
  readonly #strangers: Stranger[] = [];
  #route: Route;

  private constructor(directory: string, options: TrunkRelaysOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#route = (_, to) => this.#node(to).trunk;
  }

  static async start(options: TrunkRelaysOptions): Promise<TrunkRelays> {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-trunk-'));
    await writeFile(join(directory, 'secret'), `${formatSecret(randomBytes(32))}\n`, { mode: 0o600 });
    const started = new TrunkRelays(directory, options);
    try {
      await started.#start();
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  async #start(): Promise<void> {
    for (const [name, address] of Object.entries(this.#options.nodes)) {
      const trunk = { address, port: await freePort(address) };
      const floor = await FakeFloor.open(address, nobody);
      this.#nodes.set(name, { name, trunk, floor, relay: await this.#startRelay(name, trunk), floorPort: null });
    }
    const trunks = Object.fromEntries([...this.#nodes.values()].map(({ name, trunk }) => [name, trunk]));
    if (this.#options.route) this.#route = await this.#options.route(trunks);
    await Promise.all([...this.#nodes.keys()].map((name) => this.state(name)));
    for (const name of this.#nodes.keys()) this.introduce(name);
  }

  floor(name: string): FakeFloor {
    return this.#node(name).floor;
  }

  trunk(name: string): Endpoint {
    return this.#node(name).trunk;
  }

  /** Where the floor leg of a relay is. */
  floorLeg(name: string): Endpoint {
    return { address: this.#address(name), port: this.#node(name).floorPort ?? 0 };
  }

  relay(name: string): RelayAlone {
    return this.#node(name).relay;
  }

  /** Says everything to a relay, as a controller does that connects to it; returns when its floor is open. */
  async state(name: string, except: readonly string[] = []): Promise<void> {
    const node = this.#node(name);
    const others = [...this.#nodes.keys()].filter((other) => other !== name && !except.includes(other));
    const strangers = this.#strangers.map(({ nodeId }) => nodeId);
    const from = node.relay.reports.length;
    node.relay.request({
      type: 'everything',
      floors: [
        {
          conference: CONFERENCE,
          asterisk: node.floor.address,
          port: node.floorPort,
          noiseDbov: null,
          floorNoise: false,
          sampleRateHz: 8000,
          nodes: [...others, ...strangers],
        },
      ],
      calls: [],
      peers: this.#peersOf(name, others),
    });
    if (node.floorPort !== null && node.relay.reports.some(({ type }) => type === 'floor')) return;
    const { local } = await this.#reported(node, 'floor', from);
    node.floorPort = local.port;
    node.floor.sendTo({ address: local.host, port: local.port });
  }

  /** Has a relay and all others tell each other their keys. */
  introduce(name: string): void {
    for (const { name: other, relay } of this.#nodes.values()) {
      if (other === name) continue;
      this.#node(name).relay.request({ type: 'announce-to', nodeId: other });
      relay.request({ type: 'announce-to', nodeId: name });
    }
  }

  /** Takes a stranger for a node: all relays are told of it, and it of their keys. Returns how to tell them its own key. */
  async admit(stranger: Stranger): Promise<(announcement: Announce['announcement']) => void> {
    this.#strangers.push(stranger);
    for (const name of this.#nodes.keys()) await this.state(name);
    for (const { relay } of this.#nodes.values()) relay.request({ type: 'announce-to', nodeId: stranger.nodeId });
    return (announcement) => {
      for (const { relay } of this.#nodes.values()) {
        relay.request({ type: 'peer-key', nodeId: stranger.nodeId, announcement });
      }
    };
  }

  async kill(name: string): Promise<void> {
    await this.#node(name).relay.stop('SIGKILL');
  }

  /** Starts a relay that was killed, on the ports that it had. */
  async restart(name: string): Promise<void> {
    const node = this.#node(name);
    node.relay = await this.#startRelay(name, node.trunk);
  }

  /** The next figures of a relay's trunk; it takes up to 2 s. */
  async stats(name: string): Promise<TrunkStatsReport> {
    const node = this.#node(name);
    return (await this.#reported(node, 'trunk', node.relay.reports.length)).stats;
  }

  async stop(): Promise<void> {
    for (const { floor } of this.#nodes.values()) floor.close();
    await Promise.all([...this.#nodes.values()].map(({ relay }) => relay.stop().catch(() => {})));
    await rm(this.#directory, { recursive: true, force: true });
  }

  #startRelay(name: string, trunk: Endpoint): Promise<RelayAlone> {
    return RelayAlone.start({
      threads: 1,
      cluster: {
        nodeId: name,
        secretFile: join(this.#directory, 'secret'),
        trunk: { listen: `${trunk.address}:${trunk.port}`, ...this.#options.trunk },
      },
      onReport: (report) => {
        if (report.type === 'announce') this.#announced(name, report);
        if (report.type === 'key-installed') {
          const { nodeId, epoch } = report;
          this.#nodes.get(nodeId)?.relay.request({ type: 'key-acknowledged', nodeId: name, epoch });
        }
      },
    });
  }

  #peersOf(name: string, others: readonly string[]): TrunkPeerSpec[] {
    const multicast = this.#options.trunk?.['multicast'] !== undefined;
    const peers = others.map((nodeId) => ({ nodeId, at: this.#route(name, nodeId) }));
    const strangers = this.#strangers.map(({ nodeId, address }) => ({ nodeId, at: address }));
    return [...peers, ...strangers].map(({ nodeId, at }) => ({
      nodeId,
      address: at && { host: at.address, port: at.port },
      multicast,
    }));
  }

  #announced(from: string, report: Announce): void {
    const { to, announcement } = report;
    for (const { name, relay } of this.#nodes.values()) {
      if (name === from || (to !== null && to !== name)) continue;
      relay.request({ type: 'peer-key', nodeId: from, announcement });
    }
    for (const stranger of this.#strangers) {
      if (to !== null && to !== stranger.nodeId) continue;
      stranger.told(from, report);
      this.#nodes.get(from)?.relay.request({
        type: 'key-acknowledged',
        nodeId: stranger.nodeId,
        epoch: announcement.epoch,
      });
    }
  }

  async #reported<Type extends RelayReport['type']>(
    { name, relay }: Node,
    type: Type,
    from: number,
  ): Promise<Extract<RelayReport, { type: Type }>> {
    for (const startedMs = performance.now(); performance.now() - startedMs < TIMEOUT_MS; await sleep(LOOK_EVERY_MS)) {
      const report = relay.reports.slice(from).find((each) => each.type === type);
      if (report) return report as Extract<RelayReport, { type: Type }>;
    }
    throw new Error(`the relay of ${name} has not reported: ${type}`);
  }

  #address(name: string): string {
    return this.#options.nodes[name] ?? '';
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }
}
