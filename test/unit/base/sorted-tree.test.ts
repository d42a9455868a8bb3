import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedTree } from '../../../src/base/sorted-tree.ts';

/** Sorted by its key. */
type Entry = { readonly key: number; readonly weight: number };
type Summary = { readonly sum: number; readonly heavy: number };

const HEAVY_FROM = 8;

const EMPTY = new SortedTree<Entry, Summary>({
  compare: (a, b) => a.key - b.key,
  nothing: { sum: 0, heavy: 0 },
  summarize: (before, { weight }, behind) => ({
    sum: before.sum + weight + behind.sum,
    heavy: before.heavy + Number(weight >= HEAVY_FROM) + behind.heavy,
  }),
});

type Tree = typeof EMPTY;
type Model = Map<number, Entry>;

/** A change of an entry; a weight of null removes it. */
const change = fc.record({ key: fc.nat(60), weight: fc.option(fc.nat(9), { freq: 2 }) });
const changes = fc.array(change, { maxLength: 150, size: 'max' });

function changed(tree: Tree, model: Model, given: readonly { key: number; weight: number | null }[]): [Tree, Model] {
  let [now, entries] = [tree, new Map(model)];
  for (const { key, weight } of given) {
    if (weight === null) {
      now = now.remove({ key, weight: 0 });
      entries.delete(key);
    } else {
      const entry = { key, weight };
      now = now.put(entry);
      entries.set(key, entry);
    }
  }
  return [now, entries];
}

const sorted = (model: Model) => [...model.values()].sort((a, b) => a.key - b.key);
const isHeavy = ({ heavy }: Summary) => heavy > 0;

/** How often a search compares at most. */
function depthOf(tree: Tree): number {
  let deepest = 0;
  for (const { key } of tree.values()) {
    let depth = 0;
    tree.find((entry) => {
      depth++;
      return key - entry.key;
    });
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

describe('a sorted tree', () => {
  it('has the values that were put and not removed, in order, with their summary', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const [tree, model] = changed(EMPTY, new Map(), given);
        const expected = sorted(model);
        expect([...tree.values()]).toEqual(expected);
        expect(tree.size).toBe(expected.length);
        expect(tree.summary).toEqual({
          sum: expected.reduce((sum, { weight }) => sum + weight, 0),
          heavy: expected.filter(({ weight }) => weight >= HEAVY_FROM).length,
        });
        const keys = Array.from({ length: 61 }, (_, key) => key);
        expect(keys.every((key) => tree.find((entry) => key - entry.key) === model.get(key))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('finds all values of a kind, and the last of them', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const [tree, model] = changed(EMPTY, new Map(), given);
        const heavy = sorted(model).filter(({ weight }) => weight >= HEAVY_FROM);
        expect([...tree.where(isHeavy)]).toEqual(heavy);
        expect(tree.last(isHeavy)).toBe(heavy.at(-1));
      }),
      { numRuns: 300 },
    );
  });

  it('stays as it is when another one is made of it, and knows what differs between the two', () => {
    fc.assert(
      fc.property(changes, changes, (first, second) => {
        const [before, had] = changed(EMPTY, new Map(), first);
        const [now, has] = changed(before, had, second);
        expect([...before.values()]).toEqual(sorted(had));
        const keys = [...new Set([...had.keys(), ...has.keys()])].sort((a, b) => a - b);
        const expected = keys
          .map((key) => ({ was: had.get(key), is: has.get(key) }))
          .filter(({ was, is }) => was !== is);
        const found = [...now.changesSince(before)];
        expect(found).toEqual(expected);
        // The objects themselves, not others that look the same.
        expect(found.every(({ was, is }, at) => was === expected[at]?.was && is === expected[at]?.is)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('stays shallow, whatever the order in which values come and go', () => {
    const keys = Array.from({ length: 4096 }, (_, key) => key);
    const filled = (order: readonly number[]) => order.reduce((tree, key) => tree.put({ key, weight: 1 }), EMPTY);
    const ascending = filled(keys);
    const emptied = keys.slice(0, 3500).reduce((tree, key) => tree.remove({ key, weight: 1 }), ascending);
    // A tree with these parameters is at most about twice as deep as a perfect one.
    expect(depthOf(ascending)).toBeLessThanOrEqual(24);
    expect(depthOf(filled([...keys].reverse()))).toBeLessThanOrEqual(24);
    expect(depthOf(filled(keys.map((key) => (key * 1237) % 4096)))).toBeLessThanOrEqual(24);
    expect(depthOf(emptied)).toBeLessThanOrEqual(20);
  });

  it('is compared at the cost of what has changed', () => {
    let compared = 0;
    let summarized = 0;
    const order = {
      compare: (a: number, b: number) => {
        compared++;
        return a - b;
      },
      nothing: null,
      summarize: () => {
        summarized++;
        return null;
      },
    };
    let tree = new SortedTree<number, null>(order);
    for (let value = 0; value < 20_000; value++) tree = tree.put(value);
    const before = tree;
    [compared, summarized] = [0, 0];
    const now = before.put(20_000).remove(7000);
    expect([...now.changesSince(before)]).toEqual([
      { was: 7000, is: undefined },
      { was: undefined, is: 20_000 },
    ]);
    expect(compared).toBeLessThan(150);
    expect(summarized).toBeLessThan(150);
  });
});
