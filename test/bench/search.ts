/** How near the answer is to the truth. */
const NEAR = 0.1;
const STEP = 10;

/**
 * The largest number that holds, to a tenth: doubled until one does not hold, then halved between the two. 0 if nothing
 * holds, and never above `most`.
 */
export async function largestThatHolds(
  { first, most }: { first: number; most: number },
  holds: (count: number) => Promise<boolean>,
): Promise<number> {
  let good = 0;
  let bad: number | null = null;
  for (let count = Math.min(first, most); ; ) {
    if (await holds(count)) good = count;
    else bad = count;
    if (good >= most) return good;
    if (bad !== null && bad - good <= Math.max(STEP, NEAR * bad)) return good;
    const next = bad === null ? 2 * good : Math.round((good + bad) / 2 / STEP) * STEP;
    count = Math.min(next, most);
    if (count === good || count === bad) return good;
  }
}
