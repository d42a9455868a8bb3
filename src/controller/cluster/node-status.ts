import type { Membership } from '../../cluster/membership.ts';
import type { Message, MessageOf } from '../../cluster/messages.ts';
import type { EventChannel } from '../../events/channel.ts';
import type { CallSums, TrunkStatsReport } from '../../relay/protocol/protocol.ts';
import type { LocalConferences } from './local-conferences.ts';
import { type NodeView, otherNodeView, trafficOf } from './node-view.ts';

const BROADCAST_EVERY_MS = 2000;

export type NodeStatusOptions = {
  nodeId: string;
  version: string;
  sip: string | null;
  capacity: number | null;
  startedAtMs: number;
};

export type NodeStatusDeps = {
  nodes: Membership;
  channel: EventChannel<Message> | null;
  local: () => LocalConferences;
  /** 1 is all that the processors of this machine can do. */
  load: () => number;
};

/** How busy this node is, which the others are told every 2 s; and how all nodes look to operators. */
export class NodeStatus {
  readonly #options: NodeStatusOptions;
  readonly #deps: NodeStatusDeps;
  #draining = false;
  #timer: NodeJS.Timeout | undefined;
  /** As the relay has reported last. */
  #trunkStats: TrunkStatsReport | null = null;
  #callSums: CallSums | null = null;

  constructor(options: NodeStatusOptions, deps: NodeStatusDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => this.#broadcast(), BROADCAST_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  sendTo(node: string): void {
    this.#deps.channel?.send(node, this.current);
  }

  /** Whether placement sends new calls to other nodes. */
  drain(draining: boolean): void {
    this.#draining = draining;
    this.#broadcast();
  }

  trunkReported(stats: TrunkStatsReport): void {
    this.#trunkStats = stats;
  }

  callsReported(sums: CallSums): void {
    this.#callSums = sums;
  }

  relayStarted(): void {
    this.#trunkStats = null;
    this.#callSums = null;
  }

  get current(): MessageOf<'status'> {
    const { all, admission } = this.#deps.local();
    return {
      type: 'status',
      conferences: all.size,
      members: [...all.values()].reduce((sum, { members }) => sum + members.size, 0),
      load: this.#deps.load(),
      capacity: this.#options.capacity,
      draining: this.#draining,
      admission: admission(),
    };
  }

  /** All nodes, this one first. */
  get views(): NodeView[] {
    const { nodes, channel } = this.#deps;
    const { nodeId: id, version, sip, startedAtMs: sinceMs } = this.#options;
    const { type: _, ...status } = this.current;
    const traffic = trafficOf(this.#trunkStats, this.#callSums, channel);
    const own: NodeView = { id, state: 'self', version, sip, sinceMs, rttMs: null, audio: null, ...status, traffic };
    const others = [...nodes.all.values()].map((node) => otherNodeView(node, channel, this.#trunkStats));
    return [own, ...others.sort((a, b) => (a.id < b.id ? -1 : 1))];
  }

  #broadcast(): void {
    this.#deps.channel?.broadcast(this.current);
  }
}
