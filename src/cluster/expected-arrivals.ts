/** A caller who follows a redirect has arrived by then, and the other node has told of him. */
const EXPECTED_MS = 1000;

type Expected = { readonly atMs: number; readonly members: number };

/**
 * Callers who were sent to other nodes and are not among their members yet. In a storm of calls, hundreds come before another
 * node can tell that it is full. Bounded by the nodes, and by the calls that Asterisk admits in a second.
 */
export class ExpectedArrivals {
  readonly #expected = new Map<string, Expected[]>();

  /** @param members that the node was known to have when the caller was sent there */
  sent(node: string, members: number, nowMs: number): void {
    this.#expected.set(node, [...this.#recent(node, nowMs), { atMs: nowMs, members }]);
  }

  /** How many members a node has, counting those who are on their way. Who has arrived counts once. */
  membersOf(node: string, members: number, nowMs: number): number {
    const recent = this.#recent(node, nowMs);
    const [first] = recent;
    return first ? Math.max(members, first.members + recent.length) : members;
  }

  #recent(node: string, nowMs: number): Expected[] {
    return (this.#expected.get(node) ?? []).filter(({ atMs }) => nowMs - atMs < EXPECTED_MS);
  }
}
