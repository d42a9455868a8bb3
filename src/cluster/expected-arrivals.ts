/** A caller who has not arrived by then does not follow the redirect. */
const EXPECTED_MS = 1000;

/**
 * Callers who were sent to other nodes and are not among their calls yet. In a storm of calls, hundreds come before
 * another node can tell that it is full. Bounded by the nodes, and by the calls that Asterisk admits in a second.
 */
export class ExpectedArrivals {
  /** When they were sent, by node, the oldest first. */
  readonly #sent = new Map<string, number[]>();

  sent(node: string, nowMs: number): void {
    this.#sent.set(node, [...this.#recent(node, nowMs), nowMs]);
  }

  /** A node has so many calls more than before: the callers who were sent there first are not expected any more. */
  arrived(node: string, more: number): void {
    const sent = this.#sent.get(node);
    if (sent && more > 0) this.#sent.set(node, sent.slice(more));
  }

  /** How many are on their way to a node. */
  expectedAt(node: string, nowMs: number): number {
    return this.#recent(node, nowMs).length;
  }

  #recent(node: string, nowMs: number): number[] {
    return (this.#sent.get(node) ?? []).filter((atMs) => nowMs - atMs < EXPECTED_MS);
  }
}
