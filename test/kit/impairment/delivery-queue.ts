/** Something that waits for its time. */
interface Waiting<Item> {
  readonly dueMs: number;
  /** Of equal times, the one that came first goes first. */
  readonly order: number;
  readonly item: Item;
}

function isBefore(one: Waiting<unknown>, other: Waiting<unknown>): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}

/** Items by the time at which they are due: a binary heap, bounded by its limit. */
export class DeliveryQueue<Item> {
  readonly #limit: number;
  readonly #heap: Waiting<Item>[] = [];
  #order = 0;

  constructor(options: { readonly limit: number }) {
    this.#limit = options.limit;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** When the first item is due; Infinity when there is none. */
  get nextDueMs(): number {
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Returns false, and does not take the item, when the queue is full. */
  push(dueMs: number, item: Item): boolean {
    if (this.#heap.length >= this.#limit) return false;
    const waiting = { dueMs, order: this.#order++, item };
    let at = this.#heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above] as Waiting<Item>;
      if (!isBefore(waiting, parent)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = waiting;
    return true;
  }

  /** Takes out the first item if it is due by now, else returns null. */
  takeDue(nowMs: number): Item | null {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return null;
    const last = this.#heap.pop() as Waiting<Item>;
    if (this.#heap.length > 0) this.#sink(last);
    return first.item;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  /** Puts an item into the place of the first, and lets it sink to where it belongs. */
  #sink(waiting: Waiting<Item>): void {
    const size = this.#heap.length;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= size) break;
      const left = this.#heap[below] as Waiting<Item>;
      const right = this.#heap[below + 1];
      if (right !== undefined && isBefore(right, left)) below++;
      const child = this.#heap[below] as Waiting<Item>;
      if (!isBefore(child, waiting)) break;
      this.#heap[at] = child;
      at = below;
    }
    this.#heap[at] = waiting;
  }
}
