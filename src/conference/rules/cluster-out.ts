import type { ExternalCommand } from '../model/commands.ts';
import type { Broadcast, SharedChange } from '../model/remote.ts';
import type { Transition } from './transition.ts';

/** Messages of a conference to its parts on other nodes; none where there are no others. */

export function share(transition: Transition, change: SharedChange, options: { restored?: true } = {}): void {
  if (transition.conference.remote) transition.do({ type: 'cluster', tell: { type: 'share', change, ...options } });
}

export function broadcast(transition: Transition, given: Broadcast): void {
  if (transition.conference.remote)
    transition.do({ type: 'cluster', tell: { type: 'broadcast', broadcast: given, ...orderedBy(transition) } });
}

/** A forwarded command is not forwarded again: two nodes that know too little would send it to and fro. */
export function forward(
  transition: Transition,
  node: string,
  command: ExternalCommand,
  options: { mayFail?: true } = {},
): void {
  if (transition.noForward) return transition.refuseAsImpossible('it has just changed on another node');
  const { actingFor } = transition;
  const who = { ...orderedBy(transition), ...(actingFor !== null && { actingFor }) };
  transition.do({ type: 'cluster', tell: { type: 'forward', node, command, ...who, ...options } });
}

function orderedBy({ orderedBy: by }: Transition): { by?: string } {
  return by === null ? {} : { by };
}
