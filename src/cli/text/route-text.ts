import type { RouteView } from '../../api/schemas.ts';

const WHY: Record<RouteView['reason'], string> = {
  placement: 'placement prefers it',
  full: 'this node is full',
  draining: 'this node is draining',
  congested: 'calls wait at this node to be let in',
  'only-here': 'this node is draining, but no other one has room',
};

/** Where the next caller goes, in a line. */
export function routeText({ node, sip, reason }: RouteView): string {
  return `${node}  ${sip ?? '(no cluster.sip)'}  ${WHY[reason]}`;
}
