import type { CallSpec } from '../protocol/protocol.ts';
import { codecOf, payloadTypeOf } from './silence.ts';

/** It is reported again at intervals from this one, each twice as long as the one before, to the longest. */
const FIRST_INTERVAL_MS = 500;
const LONGEST_INTERVAL_MS = 32_000;

/**
 * Finds that a phone sends another codec than that of its call: it may have described its audio again. Asterisk may not
 * have read the description yet, or nobody may ask it just now. So it is reported again, ever less often.
 */
export class CodecWatch {
  /** That of the last packet of audio; -1 before the first. */
  #payloadType = -1;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #intervalMs = FIRST_INTERVAL_MS;

  /** HOT PATH. The phone has sent a packet of this payload type. */
  seen(payloadType: number): void {
    if (payloadType !== payloadTypeOf(null)) this.#payloadType = payloadType;
  }

  /** The call has another codec from now on. */
  changed(nowMs: number): void {
    this.#payloadType = -1;
    this.#intervalMs = FIRST_INTERVAL_MS;
    this.#dueAtMs = nowMs + FIRST_INTERVAL_MS;
  }

  /** @returns whether it is to be reported now that the phone sends another codec than this */
  isDue(codec: CallSpec['codec'], nowMs: number): boolean {
    if (this.#payloadType === -1 || codecOf(this.#payloadType) === codec || nowMs < this.#dueAtMs) return false;
    this.#dueAtMs = nowMs + this.#intervalMs;
    this.#intervalMs = Math.min(2 * this.#intervalMs, LONGEST_INTERVAL_MS);
    return true;
  }
}
