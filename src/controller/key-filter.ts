/**
 * Asterisk makes a key last 80 ms, and wants 45 ms until the next one: what comes again sooner than after both is not
 * another press but the same key once more.
 */
const SAME_KEY_AGAIN_MS = 125;

/**
 * Drops keys that Asterisk reports twice: where keys arrive bunched, after a hiccup of the network or under load, it reads
 * a key that it has put off again, 20 to 125 ms after the first time (seen with 22.10).
 */
export class KeyFilter {
  readonly #last = new Map<string, { key: string; atMs: number }>();

  /**
   * @param atMs when Asterisk has seen the key, by its own clock
   * @returns whether it was pressed, and is not the one before once more
   */
  accepts(channelId: string, key: string, atMs: number): boolean {
    const last = this.#last.get(channelId);
    if (last?.key === key && Math.abs(atMs - last.atMs) < SAME_KEY_AGAIN_MS) return false;
    this.#last.set(channelId, { key, atMs });
    return true;
  }

  /** A channel is gone. */
  forget(channelId: string): void {
    this.#last.delete(channelId);
  }
}
