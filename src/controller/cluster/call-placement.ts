import { isCongested } from '../../admission/gate.ts';
import type { ClusterState } from '../../cluster/cluster-state.ts';
import { ExpectedArrivals } from '../../cluster/expected-arrivals.ts';
import { isFull, type Place, type Placement } from '../../cluster/placement.ts';
import { type Route, routeElsewhere, routeOf } from '../../cluster/route.ts';
import type { LocalConferences } from './local-conferences.ts';
import type { NodeStatus } from './node-status.ts';

export type CallPlacementOptions = {
  nodeId: string;
  /** Which node new calls are sent to. */
  placement: Placement;
};

export type CallPlacementDeps = {
  state: ClusterState;
  status: Pick<NodeStatus, 'calls' | 'current' | 'views'>;
  local: () => LocalConferences;
  now: () => number;
};

/** Collects what `cluster/route.ts` needs to decide which node takes a call. */
export class CallPlacement {
  readonly #options: CallPlacementOptions;
  readonly #deps: CallPlacementDeps;
  /** Calls that were sent to a node count there before it says so. */
  readonly #expected = new ExpectedArrivals();

  constructor(options: CallPlacementOptions, deps: CallPlacementDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Where a caller of a conference is to go; `null` if it is not known yet which one they want. */
  routeOf(conference: string | null): Route {
    const { placement, nodeId } = this.#options;
    const home = conference === null ? null : this.#deps.local().homeOf(conference);
    return routeOf(placement, nodeId, this.#placesFor(conference), home);
  }

  /** As `routeOf`, for a caller who has waited here for too long; null if no other node takes calls. */
  routeElsewhere(conference: string | null): Route | null {
    const { placement, nodeId } = this.#options;
    return routeElsewhere(placement, nodeId, this.#placesFor(conference));
  }

  /** This node has as many calls as it takes, those that wait to be let in as well. */
  get isFull(): boolean {
    const { calls, current } = this.#deps.status;
    return isFull({ calls: calls + current.admission.waiting, capacity: current.capacity });
  }

  /** A caller was sent to another node. */
  sent(node: string): void {
    this.#expected.sent(node, this.#deps.now());
  }

  /** Another node has so many more calls. */
  arrived(node: string, calls: number): void {
    this.#expected.arrived(node, calls);
  }

  /** The nodes to which a caller can be sent, this one first. */
  #placesFor(conference: string | null): Place[] {
    const nowMs = this.#deps.now();
    const inConference = this.#membersByNode(conference);
    const usable = this.#deps.status.views.filter(({ state }) => state === 'self' || state === 'up');
    return usable.map(({ id: node, sip, calls, capacity, draining, admission, load }) => ({
      node,
      sip,
      calls: calls + admission.waiting + this.#expected.expectedAt(node, nowMs),
      capacity,
      draining,
      congested: isCongested(admission),
      load: load ?? 0,
      inConference: inConference.get(node) ?? 0,
    }));
  }

  #membersByNode(conference: string | null): ReadonlyMap<string, number> {
    const byNode = new Map<string, number>();
    if (conference === null) return byNode;
    for (const { node, part } of this.#deps.state.partsOf(conference)) byNode.set(node, part.members.size);
    return byNode.set(this.#options.nodeId, this.#deps.local().all.get(conference)?.members.size ?? 0);
  }
}
