/** A node as far as placement cares. */
export type Place = {
  readonly node: string;
  /** Where phones reach it; null if that is not known, so that no caller can be sent there. */
  readonly sip: string | null;
  /** Calls that it has, those that wait to be let in as well, and takes at most; null without a limit. */
  readonly calls: number;
  readonly capacity: number | null;
  /** Takes no new calls. */
  readonly draining: boolean;
  /** Calls wait there to be let in, and have for a while; or Asterisk has no room for any. */
  readonly congested: boolean;
  /** 1 is all that its processors can do. */
  readonly load: number;
  /** Its members of the conference in question. */
  readonly inConference: number;
};

/**
 * `here-first`: the node that was called, as long as it has room. `least-loaded`: the one with the smallest part of its
 * capacity in use. `together`: where most members of the conference are, so that it spans few nodes.
 */
export const PLACEMENTS = ['here-first', 'least-loaded', 'together'] as const;
export type Placement = (typeof PLACEMENTS)[number];

/**
 * Which node a caller of a conference is best served by.
 * @param here the node that was called
 * @param places all nodes that are up, this one too
 * @param home the node that the conference is kept to as long as it has room and no call waits there; null if to none
 * @returns null if every node is full or takes no calls
 */
export function place(
  strategy: Placement,
  here: string,
  places: readonly Place[],
  home: string | null = null,
): Place | null {
  const open = places.filter((each) => !each.draining && !isFull(each) && (each.node === here || each.sip !== null));
  const [best] = [...open].sort(
    (a, b) =>
      // A caller is better off where no call waits, whatever the strategy and wherever the conference is kept.
      Number(a.congested) - Number(b.congested) ||
      Number(b.node === home) - Number(a.node === home) ||
      preference(strategy, a, b) ||
      Number(b.node === here) - Number(a.node === here) ||
      usage(a) - usage(b) ||
      (a.node < b.node ? -1 : 1),
  );
  return best ?? null;
}

/** Has as many calls as it takes. A node that is draining is not full for that. */
export function isFull({ calls, capacity }: Pick<Place, 'calls' | 'capacity'>): boolean {
  return capacity !== null && calls >= capacity;
}

function preference(strategy: Placement, a: Place, b: Place): number {
  const use = usage(a) - usage(b);
  switch (strategy) {
    case 'here-first':
      // The sort prefers this node; among the others the emptiest.
      return 0;
    case 'least-loaded':
      return use;
    case 'together':
      return b.inConference - a.inConference || use;
  }
}

/** In tenths, so that callers do not go to and fro between nodes that are as good as equal. */
function usage({ calls, capacity, load }: Place): number {
  return Math.round(10 * Math.max(load, capacity ? calls / capacity : 0));
}
