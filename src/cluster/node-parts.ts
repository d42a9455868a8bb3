import type { ExternalCommand } from '../conference/model/commands.ts';
import type { Conference } from '../conference/model/conference.ts';
import type { Member } from '../conference/model/member.ts';
import type { RemoteView } from '../conference/model/remote.ts';
import type { CountedSums, PartSums, RemotePart } from './replica.ts';

/** A part of a conference on another node, with its sums. */
export type NodePart = {
  readonly node: string;
  /** Whether the node would hear a command now. */
  readonly reachable: boolean;
  readonly part: RemotePart;
  readonly sums: PartSums;
};

/**
 * The sum of all other parts of a conference. Members on a node that cannot be reached count, but are not called on.
 * @param node this node
 */
export function remoteViewOf(node: string, parts: readonly NodePart[]): RemoteView {
  const total = (sum: keyof CountedSums) => parts.reduce((soFar, { sums }) => soFar + sums[sum], 0);
  const reachable = parts.filter((part) => part.reachable);
  const nodeWhere = (has: (part: NodePart) => boolean) => parts.find(has)?.node ?? null;
  return {
    node,
    admitted: total('admitted'),
    speakers: total('speakers'),
    admins: total('admins'),
    doubledAdmins: parts.reduce((soFar, { part }) => soFar + part.record.doubledAdmins, 0),
    helps: total('helps'),
    ghosts: total('ghosts'),
    mandatory: total('mandatory'),
    nodes: parts.flatMap(({ node: other, sums }) => (sums.admitted > 0 ? [other] : [])).sort(),
    oldestHand: first(reachable, ({ oldestHand }) => oldestHand && [oldestHand, oldestHand.handRaisedAtMs ?? 0], 1),
    lastGivenFloor: first(
      reachable,
      ({ lastGivenFloor }) => lastGivenFloor && [lastGivenFloor, lastGivenFloor.floorGivenAtMs ?? 0],
      -1,
    ),
    lastJoined: first(reachable, ({ lastJoined }) => lastJoined && [lastJoined, lastJoined.joinedAtMs], -1),
    playing: nodeWhere(({ part }) => part.record.playback !== null),
    recording: nodeWhere(({ part }) => part.record.recording !== null),
    music: nodeWhere(({ part }) => part.record.musicOn),
  };
}

/**
 * The other node that executes a command; null if this node does. A command to a member belongs to the node that the
 * member has called. A command to a whole conference may be given on any node, but is executed on one with members:
 * nobody hears the floor of a node without members.
 * @param here the part of the conference on this node
 * @param parts those on the others
 */
export function ownerOf(
  command: ExternalCommand,
  nodeId: string,
  here: Conference | undefined,
  parts: readonly NodePart[],
): string | null {
  if ('memberId' in command) return command.node === undefined || command.node === nodeId ? null : command.node;
  if (here && here.members.counts.admitted > 0) return null;
  const reachable = parts.filter((part) => part.reachable);
  const [fullest] = reachable.sort((a, b) => b.sums.admitted - a.sums.admitted || (a.node < b.node ? -1 : 1));
  if (!fullest || (here && fullest.sums.admitted === 0)) return null;
  return fullest.node;
}

/** The earliest of all parts, or with a negative direction the latest. */
function first(
  parts: readonly NodePart[],
  of: (sums: PartSums) => readonly [member: Member, atMs: number] | null,
  direction: 1 | -1,
): RemoteView['oldestHand'] {
  let found: RemoteView['oldestHand'] = null;
  for (const { node, sums } of parts) {
    const candidate = of(sums);
    if (!candidate) continue;
    const [{ id: memberId }, atMs] = candidate;
    if (!found || direction * (atMs - found.atMs) < 0) found = { node, memberId, atMs };
  }
  return found;
}
