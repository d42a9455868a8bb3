const WORD_BITS = 32;
const WORDS = 128;
const RING_BITS = WORDS * WORD_BITS;

/** A packet may be this far behind the highest counter. */
export const REPLAY_WINDOW = RING_BITS - WORD_BITS;

/**
 * The packet counters that were seen under a key, as in RFC 6479: a ring of bits whose words are cleared when the
 * window moves. The ring has one word more than the window, so that a cleared word is never within it. Counters are 64
 * bits, given as two unsigned 32-bit halves. Its memory is constant.
 */
export class ReplayWindow {
  readonly #seen = new Uint32Array(WORDS);
  readonly #floorHigh: number;
  readonly #floorLow: number;
  #topHigh: number;
  #topLow: number;

  /** @param floor counters below this one count as seen */
  constructor(floor: { high: number; low: number }) {
    this.#floorHigh = floor.high;
    this.#floorLow = floor.low;
    this.#topHigh = floor.high;
    this.#topLow = floor.low;
  }

  /** Whether a counter is new; changes nothing. HOT PATH */
  isFresh(high: number, low: number): boolean {
    if (isBelow(high, low, this.#floorHigh, this.#floorLow)) return false;
    if (isBelow(this.#topHigh, this.#topLow, high, low)) return true;
    if (distanceUpTo(RING_BITS, high, low, this.#topHigh, this.#topLow) >= REPLAY_WINDOW) return false;
    const word = this.#seen[wordOf(low)] ?? 0;
    return (word & (1 << (low & 31))) === 0;
  }

  /** Marks a counter as seen; only for a packet that is authentic and whose counter is fresh. HOT PATH */
  accept(high: number, low: number): void {
    const seen = this.#seen;
    if (isBelow(this.#topHigh, this.#topLow, high, low)) {
      // A jump over the whole ring clears all of its words once.
      const ahead = distanceUpTo(RING_BITS, this.#topHigh, this.#topLow, high, low);
      const topWord = wordOf(this.#topLow);
      const entered = ((this.#topLow & 31) + ahead) >>> 5;
      for (let i = 1; i <= entered; i += 1) seen[(topWord + i) % WORDS] = 0;
      this.#topHigh = high;
      this.#topLow = low;
    }
    const index = wordOf(low);
    seen[index] = (seen[index] ?? 0) | (1 << (low & 31));
  }
}

/** 2^32 is a multiple of the ring's length, so that the lower half is enough. */
function wordOf(low: number): number {
  return (low >>> 5) & (WORDS - 1);
}

function isBelow(aHigh: number, aLow: number, bHigh: number, bLow: number): boolean {
  return aHigh < bHigh || (aHigh === bHigh && aLow < bLow);
}

/** The distance from a to b, where a <= b, at most `limit`. Numbers are exact far beyond any limit. */
function distanceUpTo(limit: number, aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  return Math.min(limit, (bHigh - aHigh) * 2 ** 32 + bLow - aLow);
}
