import { type Admission, NO_ADMISSION } from '../../admission/gate.ts';
import type { NodeState, OtherNode } from '../../cluster/membership.ts';
import type { Message } from '../../cluster/messages.ts';
import type { EventChannel, EventCounters } from '../../events/channel.ts';
import type { CallSums, TrunkStatsReport } from '../../relay/protocol/protocol.ts';

/** The packets and messages that this node has sent and received since its relay or its controller was started. */
export type NodeTraffic = {
  /** Null before the relay has reported, and without a cluster. */
  readonly trunk: Omit<TrunkStatsReport, 'nodes'> | null;
  /** Null before the relay has reported. */
  readonly calls: CallSums | null;
  /** Null without a cluster. */
  readonly events: Readonly<EventCounters> | null;
};

export function trafficOf(
  stats: TrunkStatsReport | null,
  calls: CallSums | null,
  channel: EventChannel<Message> | null,
): NodeTraffic {
  return { trunk: stats && withoutNodes(stats), calls, events: channel?.counters ?? null };
}

function withoutNodes({ nodes: _, ...all }: TrunkStatsReport): NodeTraffic['trunk'] {
  return all;
}

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
  readonly members: number;
  readonly load: number | null;
  readonly capacity: number | null;
  readonly draining: boolean;
  /** Calls that come in there. */
  readonly admission: Admission;
  /** The audio that the relay of this node gets from it; null for this node, and before the relay has reported. */
  readonly audio: TrunkStatsReport['nodes'][string] | null;
  /** For this node only. */
  readonly traffic: NodeTraffic | null;
};

export function otherNodeView(
  node: OtherNode,
  channel: EventChannel<Message> | null,
  trunk: TrunkStatsReport | null,
): NodeView {
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
    load: status?.load ?? null,
    capacity: status?.capacity ?? null,
    draining: status?.draining ?? false,
    admission: status?.admission ?? NO_ADMISSION,
    audio: trunk?.nodes[id] ?? null,
    traffic: null,
  };
}
