import { isFull, type Place, type Placement, place } from './placement.ts';

/** Where a caller goes. */
export type Route =
  | {
      readonly node: string;
      /** Where phones reach it; null for this node if that is not configured. */
      readonly sip: string | null;
      readonly reason: RouteReason;
    }
  | { readonly node: null; readonly sip: null; readonly reason: 'no-room' };

export type RouteReason =
  /** Placement prefers the node. */
  | 'placement'
  /** The conference is kept to the node. */
  | 'kept'
  /** The node that was asked or called is full. */
  | 'full'
  /** ... is draining. */
  | 'draining'
  /** ... has calls that wait to be let in, or an Asterisk without room. */
  | 'congested'
  /** The node is draining, but no other node can take the caller. */
  | 'only-here';

/**
 * Where a caller of a conference is to go.
 * @param here the node that was asked or called
 * @param places all nodes that are up, this one too
 * @param home the node that the conference is kept to; null if to none
 */
export function routeOf(
  strategy: Placement,
  here: string,
  places: readonly Place[],
  home: string | null = null,
): Route {
  const own = places.find(({ node }) => node === here);
  const best = place(strategy, here, places, home);
  if (best) {
    if (best.node === home) return { node: best.node, sip: best.sip, reason: 'kept' };
    return { node: best.node, sip: best.sip, reason: best.node === here || !own ? 'placement' : whyNot(own) };
  }
  if (own && !isFull(own)) return { node: here, sip: own.sip, reason: 'only-here' };
  return { node: null, sip: null, reason: 'no-room' };
}

/**
 * Where to send a caller who has waited at this node for too long.
 * @returns null if no other node takes calls
 */
export function routeElsewhere(strategy: Placement, here: string, places: readonly Place[]): Route | null {
  const others = places.filter(({ node }) => node !== here);
  const best = place(strategy, here, others);
  return best && { node: best.node, sip: best.sip, reason: 'congested' };
}

function whyNot(own: Place): RouteReason {
  if (own.draining) return 'draining';
  if (isFull(own)) return 'full';
  return own.congested ? 'congested' : 'placement';
}
