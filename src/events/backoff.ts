const FIRST_MS = 100;
/** A node that comes back knows what the others have within 5 s. */
const LONGEST_MS = 2500;

/**
 * How long to wait before the next try: 0.1 s, doubled with each failure up to 2.5 s, less up to half of it by chance,
 * so that nodes that were cut off together do not return together.
 * @param failures in a row so far
 * @param chance from 0 up to 1
 */
export function backoffMs(failures: number, chance: number): number {
  // The exponent is capped, or the power would overflow after long enough.
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return full * (1 - chance / 2);
}
