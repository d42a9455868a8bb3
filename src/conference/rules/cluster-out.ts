import type { OuterCommand } from '../model/commands.ts';
import type { Order, SharedChange } from '../model/remote.ts';
import type { Turn } from './transition.ts';

/** What a conference tells its parts on other nodes; nothing where there are none. */

export function share(turn: Turn, change: SharedChange, options: { restored?: true } = {}): void {
  if (turn.conference.remote) turn.do({ type: 'cluster', tell: { type: 'share', change, ...options } });
}

export function order(turn: Turn, given: Order): void {
  if (turn.conference.remote) turn.do({ type: 'cluster', tell: { type: 'order', order: given } });
}

/** What has been forwarded is not forwarded again: two nodes that know too little would send it to and fro. */
export function forward(turn: Turn, node: string, command: OuterCommand, options: { mayFail?: true } = {}): void {
  if (turn.final) return turn.refuse({ code: 'not-possible', message: 'it has just changed on another node' });
  const by = turn.actingFor === null ? {} : { by: turn.actingFor };
  turn.do({ type: 'cluster', tell: { type: 'forward', node, command, ...by, ...options } });
}
