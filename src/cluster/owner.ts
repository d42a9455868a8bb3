import type { ExternalCommand } from '../conference/model/commands.ts';
import type { Conference } from '../conference/model/conference.ts';
import type { NodePart } from './remote-view.ts';

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
