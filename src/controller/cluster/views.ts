import { type Admission, isCongested, NO_ADMISSION } from '../../admission/gate.ts';
import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Message } from '../../cluster/messages.ts';
import type { NodeState, OtherNode } from '../../cluster/nodes.ts';
import type { Place } from '../../cluster/placement.ts';
import type { RemotePart } from '../../cluster/replica.ts';
import { type Conference, newConference } from '../../conference/model/conference.ts';
import type { EventChannel, EventCounters } from '../../events/channel.ts';
import { standardSettings } from '../../profiles/settings.ts';
import type { CallSums, TrunkStatsReport } from '../../relay/protocol.ts';
import type { LocalConferences } from './deps.ts';

/** What this node has sent, and taken or refused of the others, since its relay or its controller was started. */
export type NodeTraffic = {
  /** Null before the relay has told, and without a cluster. */
  readonly trunk: Omit<TrunkStatsReport, 'nodes'> | null;
  /** Null before the relay has told. */
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
  /** What the relay of this node gets from it; null for this node, and before the relay has told. */
  readonly audio: TrunkStatsReport['nodes'][string] | null;
  /** Of this node only. */
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

/**
 * The nodes to which a caller can be sent, this one first.
 * @param conference the one that is called; null if nobody knows yet
 */
export function placesOf(
  nodes: readonly NodeView[],
  conference: string | null,
  state: ClusterState,
  local: LocalConferences,
): Place[] {
  const parts = conference === null ? [] : state.partsOf(conference);
  const here = conference === null ? 0 : (local.all.get(conference)?.members.size ?? 0);
  const usable = nodes.filter((node) => node.state === 'self' || node.state === 'up');
  return usable.map(({ id: node, state: itsState, sip, members, capacity, draining, admission, load }) => {
    const there = parts.find((part) => part.node === node)?.part.members.size ?? 0;
    return {
      node,
      sip,
      members: members + admission.waiting,
      capacity,
      draining,
      congested: isCongested(admission),
      load: load ?? 0,
      inConference: itsState === 'self' ? here : there,
    };
  });
}

/** The part of a conference on another node, as if it were one of ours. */
export type RemoteConference = { readonly node: string; readonly conference: Conference };

/** @param name all conferences if left out */
export function remoteConferences(
  state: ClusterState,
  name: string | undefined,
  local: LocalConferences,
): RemoteConference[] {
  const names = name === undefined ? state.remoteConferences : [name];
  return [...names].flatMap((each) =>
    state.partsOf(each).map(({ node, part }) => ({ node, conference: asOwn(part, state, local) })),
  );
}

function asOwn({ record, members }: RemotePart, state: ClusterState, local: LocalConferences): Conference {
  const { name, status, profileName, startedAtMs, playback, recording, musicOn } = record;
  const settings = local.settingsFor(profileName) ?? local.all.get(name)?.settings ?? standardSettings();
  const common = {
    ...newConference(name, { ...settings, profileName }, startedAtMs),
    ...state.shared(name),
    members,
    playback,
    recording,
    musicOn,
  };
  switch (status) {
    case 'running':
      return { ...common, status };
    case 'ending':
      return { ...common, status, result: 'ENDED', endsAtMs: Number.POSITIVE_INFINITY };
    case 'empty':
      return { ...common, status, endsAtMs: Number.POSITIVE_INFINITY };
  }
}
