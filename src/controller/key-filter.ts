/**
 * ITU-T Q.24: a key and the pause after it last 40 ms each at the least, so the same key cannot come again sooner than
 * after 80 ms. This leaves some of it to clocks.
 */
const SAME_KEY_AGAIN_MS = 60;

/**
 * Drops keys that Asterisk reports twice: under load it sometimes reads a key again that it has put off, 20 to 60 ms after
 * the first time (seen with 22.10).
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
