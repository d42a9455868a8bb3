import { T1_MS, T2_MS, TRANSACTION_TIMEOUT_MS } from './timers.ts';

interface Entry<T> {
  readonly what: T;
  intervalMs: number;
  nextMs: number;
  readonly giveUpMs: number;
}

const MAX_WAITING = 16_384;

/**
 * Messages that are sent again until they are answered, at growing intervals from T1 to T2, for 32 s (RFC 3261, section
 * 13.3.1.4). All calls share one object: the owner of the clock calls `tick` a few times a second while it is not empty.
 * When too many wait, further ones are sent only once.
 */
export class Retransmissions<T> {
  readonly #entries = new Map<string, Entry<T>>();

  get size(): number {
    return this.#entries.size;
  }

  /** Replaces what had this key. The first sending is the caller's. */
  add(key: string, what: T, nowMs: number): void {
    if (this.#entries.size >= MAX_WAITING && !this.#entries.has(key)) return;
    const entry = { what, intervalMs: T1_MS, nextMs: nowMs + T1_MS, giveUpMs: nowMs + TRANSACTION_TIMEOUT_MS };
    this.#entries.set(key, entry);
  }

  /** It was answered: returns it, or undefined when it was not waited for. */
  stop(key: string): T | undefined {
    const what = this.#entries.get(key)?.what;
    this.#entries.delete(key);
    return what;
  }

  /** Calls `send` for what is due, and `giveUp` once for what was never answered. */
  tick(nowMs: number, send: (what: T) => void, giveUp: (what: T) => void): void {
    for (const [key, entry] of this.#entries) {
      if (nowMs >= entry.giveUpMs) {
        this.#entries.delete(key);
        giveUp(entry.what);
      } else if (nowMs >= entry.nextMs) {
        entry.intervalMs = Math.min(2 * entry.intervalMs, T2_MS);
        entry.nextMs = nowMs + entry.intervalMs;
        send(entry.what);
      }
    }
  }
}
