import { PinGates, type PinTry } from './pin-gates.ts';

/** PINs that have been dialled and not been judged, by channel. Bounded by the calls of Asterisk. No clock, no timers. */
export class PinQueue {
  readonly gates = new PinGates();
  readonly #waiting = new Map<string, PinTry>();
  /** Judged now; the outcome is about to come. */
  readonly #judged = new Map<string, PinTry>();

  add(channelId: string, tried: PinTry): void {
    this.#waiting.set(channelId, tried);
  }

  /** How long until a PIN may be judged, unless others come first; null if it does not wait. */
  waiting(channelId: string, nowMs: number): { readonly conference: string; readonly delayMs: number } | null {
    const tried = this.#waiting.get(channelId);
    if (!tried) return null;
    return { conference: tried.conference, delayMs: Math.max(0, Math.ceil(this.gates.openAtMs(tried, nowMs) - nowMs)) };
  }

  /**
   * The channel whose PIN is to be judged now. Callers who have dialled no wrong PIN come first, then those who have
   * waited longest: so an attacker has as many turns as numbers, and not as lines.
   */
  next(nowMs: number): { readonly channelId: string; readonly tried: PinTry } | null {
    let first: { channelId: string; suspicion: number; tried: PinTry } | null = null;
    for (const [channelId, tried] of this.#waiting) {
      if (this.gates.openAtMs(tried, nowMs) > nowMs) continue;
      const suspicion = this.gates.suspicion(tried, nowMs);
      // They are in the order in which they came.
      if (!first || suspicion < first.suspicion) first = { channelId, suspicion, tried };
    }
    if (!first) return null;
    this.#waiting.delete(first.channelId);
    this.#judged.set(first.channelId, first.tried);
    return first;
  }

  /** When the next one may be judged; infinity if none waits. */
  nextAtMs(nowMs: number): number {
    let atMs = Number.POSITIVE_INFINITY;
    for (const tried of this.#waiting.values()) atMs = Math.min(atMs, this.gates.openAtMs(tried, nowMs));
    return atMs;
  }

  /** @returns the try, if it was wrong */
  judged(channelId: string, right: boolean, nowMs: number): PinTry | null {
    const tried = this.#judged.get(channelId);
    this.#judged.delete(channelId);
    if (right || !tried) return null;
    this.gates.wrong(tried, nowMs);
    return tried;
  }

  delete(channelId: string): void {
    this.#waiting.delete(channelId);
    this.#judged.delete(channelId);
  }
}
