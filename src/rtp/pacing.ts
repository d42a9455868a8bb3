import { TICKS_PER_FRAME } from './packet.ts';

const FRAME_MS = 20;
/**
 * A frame that is so late is replaced. Asterisk is punctual to a few milliseconds. On a busy machine it sends late
 * frames all at once: the jitter buffers of phones even that out, while a replaced frame is lost for everybody.
 */
const GRACE_MS = 60;
/** After a replaced frame, the stream catches up with the time and waits less for the next ones. */
const STALLED_GRACE_MS = 15;
/** After so many consecutive late frames, the sender's clock is assumed to have changed. */
const MOST_LATE = 5;
/** A jump by so many frames means that the sender has restarted. */
const JUMP_FRAMES = 50;

/**
 * Paces a stream by its incoming frames of 20 ms. Each is due when it arrives, so that it is forwarded without delay.
 * If none comes in time, one must be made up, so that the stream keeps its rate.
 */
export class Pacing {
  /** The RTP timestamp that comes next; null before the first. */
  #expected: number | null = null;
  #lateInRow = 0;
  #stalled = false;
  #dueMs: number;

  constructor(nowMs: number) {
    this.#dueMs = nowMs + FRAME_MS;
  }

  /**
   * A frame has arrived.
   * @param timestamp the RTP timestamp, 32 bits
   * @returns whether it must be played; otherwise a made-up frame has replaced it already
   */
  arrived(timestamp: number, nowMs: number): boolean {
    const aheadFrames = this.#expected === null ? 0 : ((timestamp - this.#expected) | 0) / TICKS_PER_FRAME;
    const late = aheadFrames < 0 && aheadFrames > -JUMP_FRAMES;
    if (late && ++this.#lateInRow <= MOST_LATE) return false;
    this.#lateInRow = 0;
    this.#stalled = false;
    this.#expected = (timestamp + TICKS_PER_FRAME) | 0;
    this.#dueMs = nowMs + FRAME_MS;
    return true;
  }

  /** The time at which a frame must be made up, unless one comes before. */
  get overdueMs(): number {
    return this.#dueMs + (this.#stalled ? STALLED_GRACE_MS : GRACE_MS);
  }

  /** Whether a frame must be made up now. Must be called until it returns false. */
  overdue(nowMs: number): boolean {
    if (nowMs < this.overdueMs) return false;
    this.#stalled = true;
    // After a standstill of this process the missed frames are not made up for.
    const missedMs = nowMs - this.#dueMs;
    this.#dueMs += missedMs > JUMP_FRAMES * FRAME_MS ? missedMs : FRAME_MS;
    if (this.#expected !== null) this.#expected = (this.#expected + TICKS_PER_FRAME) | 0;
    return true;
  }
}
