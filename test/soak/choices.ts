import { nextBelow, nextBetween, nextRatio, type Random, seededRandom } from '../kit/random.ts';

/** Something that may happen, the more likely the greater its weight. */
export type Weighted = { readonly name: string; readonly weight: number };

/**
 * The random choices of one step of a soak. They follow from the seed and the number of the step alone, so that a step chooses
 * the same whatever the steps before it had to choose from.
 */
export class Choices {
  readonly #random: Random;

  constructor(seed: number, ...step: readonly number[]) {
    this.#random = seededRandom(seed, ...step);
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return nextBetween(this.#random, least, most);
  }

  chance(ratio: number): boolean {
    return nextRatio(this.#random) < ratio;
  }

  /** One of several; null if there are none. */
  of<Value>(list: readonly Value[]): Value | null {
    return list[nextBelow(this.#random, list.length)] ?? null;
  }

  /** Several different ones, in any order. */
  some<Value>(list: readonly Value[], count: number): Value[] {
    const rest = [...list];
    const chosen: Value[] = [];
    while (chosen.length < count && rest.length > 0) {
      chosen.push(...rest.splice(nextBelow(this.#random, rest.length), 1));
    }
    return chosen;
  }

  byWeight<Value extends Weighted>(list: readonly Value[]): Value {
    const total = list.reduce((sum, { weight }) => sum + weight, 0);
    let left = nextRatio(this.#random) * total;
    for (const each of list) {
      left -= each.weight;
      if (left < 0) return each;
    }
    return list.at(-1) as Value;
  }
}
