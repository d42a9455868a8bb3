/** One packet that came late: when it was due by the schedule of its own stream, and when it came. */
export interface Delay {
  readonly dueMs: number;
  readonly atMs: number;
}

export interface ScheduleSnapshot {
  /** The largest lateness of a packet, short ones included. */
  readonly latestMs: number;
  /** The longest delays of more than `DELAY_MS`, in no order, at most `MAX_DELAYS`. */
  readonly delays: readonly Delay[];
}

/** A delay above this is kept with its times: a usual jitter buffer of a phone covers less. */
const DELAY_MS = 60;
const MAX_DELAYS = 64;

/**
 * Measures how late packets come against the schedule of their own stream, in which each packet follows the one before
 * by the duration of its audio. Packets that come early move the schedule forward. A delay of more than `DELAY_MS` is
 * counted once: the schedule goes on from there. Times are performance.now() in ms and given by the caller.
 */
export class ArrivalSchedule {
  #sequence = 0;
  #ssrc = 0;
  /** When the next packet is due; null before the first one. */
  #dueMs: number | null = null;
  #latestMs = 0;
  readonly #delays: Delay[] = [];

  /** HOT PATH. Takes a packet that is no duplicate. */
  push(sequence: number, ssrc: number, durationMs: number, nowMs: number): void {
    // Another stream takes the place of the one before, and the ear hears the gap between the two.
    const step = this.#dueMs === null || ssrc !== this.#ssrc ? 1 : ((sequence - this.#sequence) << 16) >> 16;
    // A packet that was overtaken has been missed at its place already.
    if (step <= 0) return;
    const dueMs = (this.#dueMs ?? nowMs) + (step - 1) * durationMs;
    this.#sequence = sequence;
    this.#ssrc = ssrc;
    const lateMs = nowMs - dueMs;
    if (lateMs > this.#latestMs) this.#latestMs = lateMs;
    if (lateMs > DELAY_MS) this.#keep({ dueMs, atMs: nowMs });
    this.#dueMs = (lateMs < 0 || lateMs > DELAY_MS ? nowMs : dueMs) + durationMs;
  }

  /** A packet that is still missing counts as if it came now. */
  snapshot(nowMs: number): ScheduleSnapshot {
    const missing = this.#dueMs !== null && nowMs - this.#dueMs > DELAY_MS ? [{ dueMs: this.#dueMs, atMs: nowMs }] : [];
    const missingMs = missing.map(lengthMs);
    return { latestMs: Math.max(this.#latestMs, ...missingMs), delays: [...this.#delays, ...missing] };
  }

  /** Forgets what was late; the schedule goes on. */
  reset(): void {
    this.#latestMs = 0;
    this.#delays.length = 0;
  }

  #keep(delay: Delay): void {
    if (this.#delays.length < MAX_DELAYS) {
      this.#delays.push(delay);
      return;
    }
    let shortest = 0;
    for (let i = 1; i < MAX_DELAYS; i++) {
      if (lengthMs(this.#delays[i] as Delay) < lengthMs(this.#delays[shortest] as Delay)) shortest = i;
    }
    if (lengthMs(this.#delays[shortest] as Delay) < lengthMs(delay)) this.#delays[shortest] = delay;
  }
}

function lengthMs({ dueMs, atMs }: Delay): number {
  return atMs - dueMs;
}
