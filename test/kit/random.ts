/**
 * Seeded random numbers for tests that must be repeatable: sfc32 (Chris Doty-Humphrey's Small Fast Counter, 32 bits),
 * seeded through the finaliser of MurmurHash3. Good enough for statistics, never for keys.
 */

/** The state of one sequence, changed in place by each number that is taken. */
export type Random = Uint32Array;

/** Numbers thrown away after seeding, so that similar seeds give unlike sequences. */
const WARM_UP = 12;

const TWO_TO_32 = 2 ** 32;

/** Spreads every bit of a 32-bit integer over all 32. */
export function mix32(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * A sequence for a seed; the further integers tell apart the sequences that belong to one seed, such as those of the
 * two directions of a link. Only the lower 32 bits of each count.
 */
export function seededRandom(seed: number, ...branch: readonly number[]): Random {
  const random = new Uint32Array([mix32(seed), mix32(seed + 0x9e3779b9), 0x243f6a88, 1]);
  for (const number of branch) {
    random[2] = mix32(Math.imul(random[2] as number, 31) + mix32(number + 0x9e3779b9));
  }
  for (let i = 0; i < WARM_UP; i++) nextUint32(random);
  return random;
}

/** HOT PATH. 0 to 2^32 - 1. */
export function nextUint32(random: Random): number {
  const a = random[0] as number;
  const b = random[1] as number;
  const c = random[2] as number;
  const counter = random[3] as number;
  const next = (a + b + counter) >>> 0;
  random[0] = b ^ (b >>> 9);
  random[1] = c + (c << 3);
  random[2] = ((c << 21) | (c >>> 11)) + next;
  random[3] = counter + 1;
  return next;
}

/** HOT PATH. 0 (included) to 1 (excluded). */
export function nextRatio(random: Random): number {
  return nextUint32(random) / TWO_TO_32;
}

/** HOT PATH. An integer from 0 to `limit` - 1. */
export function nextBelow(random: Random, limit: number): number {
  return Math.floor((nextUint32(random) / TWO_TO_32) * limit);
}

/** HOT PATH. An integer from `least` to `most`, both included. */
export function nextBetween(random: Random, least: number, most: number): number {
  return least + nextBelow(random, most - least + 1);
}

/** HOT PATH. Normally distributed with mean 0 and deviation 1 (Box-Muller); always takes two numbers. */
export function nextNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - nextRatio(random)));
  return radius * Math.cos(2 * Math.PI * nextRatio(random));
}

/** HOT PATH. Fills `out` with random bytes. */
export function fillRandom(random: Random, out: Uint8Array): void {
  let word = 0;
  for (let i = 0; i < out.length; i++) {
    if ((i & 3) === 0) word = nextUint32(random);
    out[i] = word & 0xff;
    word >>>= 8;
  }
}
