import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Conference } from '../conference/model/conference.ts';
import type { Member } from '../conference/model/member.ts';
import { formatMemberAddress, type MemberAddress } from '../conference/model/member-address.ts';
import type { OwnAttendance } from '../controller/attendance/own-attendance.ts';
import type { Inviter } from '../controller/calls/inviter.ts';
import type { Cluster } from '../controller/cluster/cluster.ts';
import type { ClusterReports } from '../controller/cluster/cluster-reports.ts';
import type { RecordsOfNodes } from '../controller/cluster/records-of-nodes.ts';
import type { Controller } from '../controller/controller.ts';
import { ControllerError } from '../controller/errors/controller-error.ts';
import type { RecordingKeeper } from '../controller/recordings/recording-keeper.ts';
import type { SettingsStore } from '../controller/settings-store.ts';
import type { StatusView } from './schemas.ts';

/** An application whose routes are typed by their schemas. */
export type RouteApp = Parameters<FastifyPluginAsyncZod>[0];

/** The parts of the controller that routes work with. */
export type RouteDeps = {
  controller: Pick<
    Controller,
    'requireReady' | 'conferences' | 'command' | 'readMedia' | 'levelDbovOf' | 'requireJoinable'
  >;
  cluster: Pick<Cluster, 'nodeId' | 'nodes' | 'remoteConferences' | 'flush' | 'drain' | 'routeOf'>;
  status: () => Omit<StatusView, 'conferences' | 'members' | 'atDoor'>;
  reloadProfiles: SettingsStore['reload'];
  upgrade: () => Promise<void>;
  /** The attendance that this node has recorded, and that of all nodes. */
  attendance: Pick<OwnAttendance, 'rows'>;
  reports: Pick<ClusterReports, 'conferences' | 'report'>;
  /** The records of all nodes. */
  records: Pick<RecordsOfNodes, 'askAll'>;
  recordingKeeper: Pick<RecordingKeeper, 'open' | 'remove'>;
  /** The directory in which Asterisk has its recordings. */
  recordings: string;
  inviter: Pick<Inviter, 'invite' | 'list' | 'cancel'>;
};

/** A conference on one node; `node` is null where there is no cluster. */
export type ConferencePart = {
  readonly node: string | null;
  /** Whether it is this node. */
  readonly own: boolean;
  readonly conference: Conference;
  /** How loud a member is, which the state does not have; null where it is not measured. */
  readonly levelOf: (member: Member) => number | null;
  /** Where Asterisk has its recordings; null for another node, where that is not known. */
  readonly recordings: string | null;
};

/** All parts of a conference, that of this node first. */
export function partsOf({ controller, cluster, recordings }: RouteDeps, name: string): ConferencePart[] {
  const own = controller.conferences.get(name);
  const others = cluster
    .remoteConferences(name)
    .map((part) => ({ ...part, own: false, levelOf: () => null, recordings: null }));
  if (!own) return others;
  const levelOf = (member: Member) => controller.levelDbovOf(member);
  return [{ node: cluster.nodeId, own: true, conference: own, levelOf, recordings }, ...others];
}

/** @throws ControllerError `no-such-conference` */
export function conferenceNamed(deps: RouteDeps, name: string): ConferencePart[] {
  const parts = partsOf(deps, name);
  if (parts.length === 0) throw new ControllerError('no-such-conference', `no conference "${name}"`);
  return parts;
}

/** The member of an address, on this node where it names none; null if this node knows of no such member. */
export function findMember(
  { cluster }: RouteDeps,
  parts: readonly ConferencePart[],
  { memberId, node = cluster.nodeId ?? undefined }: MemberAddress,
): (ConferencePart & { member: Member }) | null {
  const part = parts.find((each) => each.node === (node ?? null));
  const member = part?.conference.members.byId(memberId);
  return part && member ? { ...part, member } : null;
}

/** @throws ControllerError `no-such-member` */
export function memberAt(
  deps: RouteDeps,
  parts: readonly ConferencePart[],
  address: MemberAddress,
): ConferencePart & { member: Member } {
  const found = findMember(deps, parts, address);
  if (found) return found;
  const { memberId, node } = address;
  const text = formatMemberAddress(memberId, node === undefined || node === deps.cluster.nodeId ? null : node);
  throw new ControllerError('no-such-member', `no member ${text} in conference ${parts[0]?.conference.name}`);
}
