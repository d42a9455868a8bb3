import { type Admission, NO_ADMISSION } from '../../admission/gate.ts';
import type { Membership, NodeState, OtherNode } from '../../cluster/membership.ts';
import type { Message, MessageOf } from '../../cluster/messages.ts';
import type { EventChannel, EventCounters } from '../../events/channel.ts';
import type { CallSums, TrunkStatsReport } from '../../relay/protocol/protocol.ts';
import type { LocalConferences } from './local-conferences.ts';

const BROADCAST_EVERY_MS = 2000;

/** The packets and messages that this node has sent and received since its relay or its controller was started. */
export type NodeTraffic = {
  /** Null before the relay has reported, and without a cluster. */
  readonly trunk: Omit<TrunkStatsReport, 'nodes'> | null;
  /** Null before the relay has reported. */
  readonly calls: CallSums | null;
  /** Null without a cluster. */
  readonly events: Readonly<EventCounters> | null;
};

/** A node as operators see it. */
export type NodeView = {
  readonly id: string;
  readonly state: 'self' | NodeState;
  /** Since when it is in this state. */
  readonly sinceMs: number;
  readonly version: string | null;
  readonly sip: string | null;
  readonly rttMs: number | null;
  readonly conferences: number;
  /** Members who have been admitted, but no ghosts. */
  readonly members: number;
  /** All calls of its conferences, as `cluster.capacity` limits them: ghosts, and those at the door, as well. */
  readonly calls: number;
  readonly load: number | null;
  readonly capacity: number | null;
  readonly draining: boolean;
  /** How many problems it has; null for a node that does not say. */
  readonly problems: number | null;
  /** Tells its table of conferences from others; null if it says nothing about it. */
  readonly table: string | null;
  /** Calls that come in there. */
  readonly admission: Admission;
  /** The audio that the relay of this node gets from it; null for this node, and before the relay has reported. */
  readonly audio: TrunkStatsReport['nodes'][string] | null;
  /** For this node only. */
  readonly traffic: NodeTraffic | null;
};

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
  problems: () => number;
};

/** How busy this node is, which the others are told every 2 s; and how all nodes look to operators. */
export class NodeStatus {
  readonly #options: NodeStatusOptions;
  readonly #deps: NodeStatusDeps;
  #draining = false;
  #timer: NodeJS.Timeout | undefined;
  /** As the relay has reported last; the audio of other nodes by their names. */
  #trunk: NodeTraffic['trunk'] = null;
  #audio: TrunkStatsReport['nodes'] = {};
  #calls: CallSums | null = null;

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

  trunkReported({ nodes, ...trunk }: TrunkStatsReport): void {
    this.#trunk = trunk;
    this.#audio = nodes;
  }

  callsReported(sums: CallSums): void {
    this.#calls = sums;
  }

  relayStarted(): void {
    this.#trunk = null;
    this.#audio = {};
    this.#calls = null;
  }

  /** As `NodeView` has them, of this node. */
  get calls(): number {
    let calls = 0;
    for (const { members } of this.#deps.local().all.values()) calls += members.size;
    return calls;
  }

  get current(): MessageOf<'status'> {
    const { all, admission, table } = this.#deps.local();
    return {
      type: 'status',
      conferences: all.size,
      members: [...all.values()].reduce((sum, { members }) => sum + members.counts.admitted - members.counts.ghosts, 0),
      load: this.#deps.load(),
      capacity: this.#options.capacity,
      draining: this.#draining,
      table: table(),
      admission: admission(),
      problems: this.#deps.problems(),
    };
  }

  /** All nodes, this one first. */
  get views(): NodeView[] {
    const { nodes, channel } = this.#deps;
    const { nodeId: id, version, sip, startedAtMs: sinceMs } = this.#options;
    const { type: _, ...status } = this.current;
    const traffic = { trunk: this.#trunk, calls: this.#calls, events: channel?.counters ?? null };
    const here = { rttMs: null, audio: null, calls: this.calls, traffic };
    const own: NodeView = { id, state: 'self', version, sip, sinceMs, ...here, ...status };
    const others = [...nodes.all.values()].map((node) => otherNodeView(node, channel, this.#audio[node.id] ?? null));
    return [own, ...others.sort((a, b) => (a.id < b.id ? -1 : 1))];
  }

  #broadcast(): void {
    this.#deps.channel?.broadcast(this.current);
  }
}

function otherNodeView(node: OtherNode, channel: EventChannel<Message> | null, audio: NodeView['audio']): NodeView {
  const { id, state, sinceMs, hello, status, replica } = node;
  return {
    id,
    state,
    sinceMs,
    version: hello?.version ?? null,
    sip: hello?.sip ?? null,
    rttMs: channel?.peers.get(id)?.roundTripMs ?? null,
    conferences: replica.conferences.size,
    members: replica.members,
    calls: replica.calls,
    load: status?.load ?? null,
    capacity: status?.capacity ?? null,
    draining: status?.draining ?? false,
    table: status?.table ?? null,
    admission: status?.admission ?? NO_ADMISSION,
    problems: status?.problems ?? null,
    audio,
    traffic: null,
  };
}
