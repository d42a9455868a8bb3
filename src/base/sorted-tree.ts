/**
 * A sorted collection that never changes: each change gives a new one, which shares nearly all of its nodes with the
 * old one and costs O(log n). Every subtree carries a summary of its values, so that a question about all of them is
 * answered at the root, and a search for some of them skips the subtrees that have none.
 *
 * A weight-balanced tree with the parameters of Hirai and Yamamoto, "Balancing weight-balanced trees" (2011).
 */

export type Order<V, S> = {
  /** Below 0 if `a` comes first, 0 if both are the same entry. */
  readonly compare: (a: V, b: V) => number;
  /** The summary of no values. */
  readonly nothing: S;
  /** The summary of one value and of those before and behind it. */
  readonly summarize: (before: S, value: V, behind: S) => S;
};

/** One entry that differs between two collections; one of the two is undefined where there is none. */
export type Difference<V> = { readonly was: V | undefined; readonly is: V | undefined };

type Tree<V, S> = Node<V, S> | null;

type Node<V, S> = {
  readonly left: Tree<V, S>;
  readonly value: V;
  readonly right: Tree<V, S>;
  readonly size: number;
  readonly summary: S;
};

/** One side may be this many times as large as the other. */
const MOST_UNEQUAL = 3;
/** From this ratio on, two rotations are needed instead of one. */
const TWICE_FROM = 2;

export class SortedTree<V, S> {
  readonly #order: Order<V, S>;
  readonly #root: Tree<V, S>;

  constructor(order: Order<V, S>, root: Tree<V, S> = null) {
    this.#order = order;
    this.#root = root;
  }

  get size(): number {
    return this.#root?.size ?? 0;
  }

  get summary(): S {
    return this.#root?.summary ?? this.#order.nothing;
  }

  /** @param direction below 0 if the wanted value comes before this one, 0 if this is the one */
  find(direction: (value: V) => number): V | undefined {
    let node = this.#root;
    while (node) {
      const side = direction(node.value);
      if (side === 0) return node.value;
      node = side < 0 ? node.left : node.right;
    }
    return undefined;
  }

  /** Adds a value, in place of one that is the same entry. */
  put(value: V): SortedTree<V, S> {
    return new SortedTree(this.#order, put(this.#order, this.#root, value));
  }

  remove(value: V): SortedTree<V, S> {
    return new SortedTree(this.#order, remove(this.#order, this.#root, value));
  }

  *values(): Generator<V, undefined> {
    const path: Node<V, S>[] = [];
    for (let node = this.#root; ; node = node.right) {
      for (; node; node = node.left) path.push(node);
      node = path.pop() ?? null;
      if (!node) return undefined;
      yield node.value;
    }
  }

  /**
   * The values for which something holds, in order. Subtrees without any are skipped.
   * @param holds a condition on summaries: it must hold for that of several values exactly if it does for one of them
   */
  *where(holds: (summary: S) => boolean): Generator<V, undefined> {
    const path: Node<V, S>[] = [];
    for (let node = this.#root; ; node = node.right) {
      for (; node && holds(node.summary); node = node.left) path.push(node);
      node = path.pop() ?? null;
      if (!node) return undefined;
      if (holds(this.#summaryOf(node.value))) yield node.value;
    }
  }

  /** The last value for which something holds. @param holds as for `where` */
  last(holds: (summary: S) => boolean): V | undefined {
    let node = this.#root;
    while (node && holds(node.summary)) {
      if (node.right && holds(node.right.summary)) node = node.right;
      else if (holds(this.#summaryOf(node.value))) return node.value;
      else node = node.left;
    }
    return undefined;
  }

  /** The entries that are not the same objects in `before`, in order. Subtrees that both have are skipped. */
  *changesSince(before: SortedTree<V, S>): Generator<Difference<V>, undefined> {
    // The subtrees that are still to be compared; the next one is last.
    const was = stackOf(before.#root);
    const is = stackOf(this.#root);
    for (;;) {
      const a = was.at(-1);
      const b = is.at(-1);
      if (!a && !b) return undefined;
      if (a === b) {
        was.pop();
        is.pop();
      } else if (a && a.size > 1 && a.size >= (b?.size ?? 0)) expand(was, a);
      else if (b && b.size > 1) expand(is, b);
      else {
        const side = !a ? 1 : !b ? -1 : this.#order.compare(a.value, b.value);
        if (side <= 0) was.pop();
        if (side >= 0) is.pop();
        const difference = { was: side <= 0 ? a?.value : undefined, is: side >= 0 ? b?.value : undefined };
        if (difference.was !== difference.is) yield difference;
      }
    }
  }

  #summaryOf(value: V): S {
    const { nothing, summarize } = this.#order;
    return summarize(nothing, value, nothing);
  }
}

function make<V, S>(order: Order<V, S>, left: Tree<V, S>, value: V, right: Tree<V, S>): Node<V, S> {
  const size = sizeOf(left) + 1 + sizeOf(right);
  const summary = order.summarize(left?.summary ?? order.nothing, value, right?.summary ?? order.nothing);
  return { left, value, right, size, summary };
}

function sizeOf<V, S>(tree: Tree<V, S>): number {
  return tree === null ? 0 : tree.size;
}

function put<V, S>(order: Order<V, S>, tree: Tree<V, S>, value: V): Node<V, S> {
  if (!tree) return make(order, null, value, null);
  const side = order.compare(value, tree.value);
  if (side === 0) return make(order, tree.left, value, tree.right);
  if (side < 0) return balance(order, put(order, tree.left, value), tree.value, tree.right);
  return balance(order, tree.left, tree.value, put(order, tree.right, value));
}

function remove<V, S>(order: Order<V, S>, tree: Tree<V, S>, value: V): Tree<V, S> {
  if (!tree) return null;
  const side = order.compare(value, tree.value);
  if (side < 0) return balance(order, remove(order, tree.left, value), tree.value, tree.right);
  if (side > 0) return balance(order, tree.left, tree.value, remove(order, tree.right, value));
  if (!tree.left || !tree.right) return tree.left ?? tree.right;
  const next = firstOf(tree.right);
  return balance(order, tree.left, next, remove(order, tree.right, next));
}

function firstOf<V, S>(node: Node<V, S>): V {
  let first = node;
  while (first.left) first = first.left;
  return first.value;
}

/** Joins two sides, one of which has gained or lost a value. */
function balance<V, S>(order: Order<V, S>, left: Tree<V, S>, value: V, right: Tree<V, S>): Node<V, S> {
  const before = sizeOf(left);
  const behind = sizeOf(right);
  if (before + behind > 1) {
    if (right && behind > MOST_UNEQUAL * before) return rotateLeft(order, left, value, right);
    if (left && before > MOST_UNEQUAL * behind) return rotateRight(order, left, value, right);
  }
  return make(order, left, value, right);
}

function rotateLeft<V, S>(order: Order<V, S>, left: Tree<V, S>, value: V, right: Node<V, S>): Node<V, S> {
  const middle = right.left;
  if (!middle || middle.size < TWICE_FROM * sizeOf(right.right)) {
    return make(order, make(order, left, value, middle), right.value, right.right);
  }
  const end = make(order, middle.right, right.value, right.right);
  return make(order, make(order, left, value, middle.left), middle.value, end);
}

function rotateRight<V, S>(order: Order<V, S>, left: Node<V, S>, value: V, right: Tree<V, S>): Node<V, S> {
  const middle = left.right;
  if (!middle || middle.size < TWICE_FROM * sizeOf(left.left)) {
    return make(order, left.left, left.value, make(order, middle, value, right));
  }
  const start = make(order, left.left, left.value, middle.left);
  return make(order, start, middle.value, make(order, middle.right, value, right));
}

function stackOf<V, S>(tree: Tree<V, S>): Node<V, S>[] {
  return tree ? [tree] : [];
}

/** Replaces the last subtree of a stack by its parts. */
function expand<V, S>(stack: Node<V, S>[], { left, value, right, summary }: Node<V, S>): void {
  stack.pop();
  if (right) stack.push(right);
  stack.push({ left: null, value, right: null, size: 1, summary });
  if (left) stack.push(left);
}
