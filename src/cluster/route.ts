import { type Place, type Placement, place } from './placement.ts';

/** Where a caller goes. */
export type Route =
  | {
      readonly node: string;
      /** Where phones reach it; null for this node if nobody has said so. */
      readonly sip: string | null;
      readonly reason: RouteReason;
    }
  | { readonly node: null; readonly sip: null; readonly reason: 'no-room' };

export type RouteReason =
  /** Placement prefers the node. */
  | 'placement'
  /** The node that was asked or called is full. */
  | 'full'
  /** ... is draining. */
  | 'draining'
  /** It is draining, but nobody else can take the caller: better here than nowhere. */
  | 'only-here';

/**
 * Where a caller of a conference is to go.
 * @param here the node that was asked or called
 * @param places all nodes that are up, this one too
 */
export function routeOf(strategy: Placement, here: string, places: readonly Place[]): Route {
  const own = places.find(({ node }) => node === here);
  const best = place(strategy, here, places);
  if (best) {
    const why = own?.draining ? 'draining' : own && isFull(own) ? 'full' : 'placement';
    return { node: best.node, sip: best.sip, reason: best.node === here ? 'placement' : why };
  }
  if (own && !isFull(own)) return { node: here, sip: own.sip, reason: 'only-here' };
  return { node: null, sip: null, reason: 'no-room' };
}

/** Has as many calls as it takes. A node that is draining is not full for that. */
export function isFull({ members, capacity }: Pick<Place, 'members' | 'capacity'>): boolean {
  return capacity !== null && members >= capacity;
}
