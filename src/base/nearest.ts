/** Words that differ by more letters than this are not meant. */
const MOST_DIFFERENCES = 3;

/** The word that somebody who has mistyped it may have meant; null if none is alike. */
export function nearest(typed: string, words: readonly string[]): string | null {
  const ranked = words
    .filter((word) => Math.abs(word.length - typed.length) <= MOST_DIFFERENCES)
    .map((word) => ({ word, distance: distanceOf(typed.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.min(MOST_DIFFERENCES, typed.length / 2) ? best.word : null;
}

/** The end of a sentence that says that there is no such word; empty if none is alike. */
export function didYouMean(typed: string, words: readonly string[]): string {
  const meant = nearest(typed, words);
  return meant === null ? '' : `; did you mean "${meant}"?`;
}

/** As `didYouMean`; it names all words if none is alike. */
export function didYouMeanOneOf(typed: string, words: readonly string[]): string {
  return didYouMean(typed, words) || `; there are ${words.join(', ')}`;
}

/** How many letters have to be inserted, left out or changed (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
