/**
 * A frame that is so late is replaced. Asterisk sends them to within a few milliseconds; on a busy machine it sends them late
 * and then all at once, which the jitter buffers of phones make good, while what is replaced is lost for everybody.
 */
const GRACE_MS = 60;
/** Once one was replaced, the stream is brought up to its time, and the next ones are not waited for as long. */
const STALLED_GRACE_MS = 15;
/** After so many frames in a row that came too late, the sender's clock is taken to have changed. */
const MOST_LATE = 5;
/** A jump by so many frames is a new beginning. */
const JUMP_FRAMES = 50;

/**
 * Paces a stream by the frames that come in: each is due when it arrives, so that it is passed on without delay, and where
 * none comes in time one is to be made up, so that the stream goes on at its rate.
 */
export class Pacing {
  readonly #frameMs: number;
  readonly #frameSamples: number;
  /** The RTP timestamp that comes next; null before the first. */
  #expected: number | null = null;
  #lateInRow = 0;
  #stalled = false;
  #dueMs: number;

  constructor({ frameMs, frameSamples }: { frameMs: number; frameSamples: number }, nowMs: number) {
    this.#frameMs = frameMs;
    this.#frameSamples = frameSamples;
    this.#dueMs = nowMs + frameMs;
  }

  /**
   * A frame has come.
   * @param timestamp that of RTP, 32 bits
   * @returns whether it is to be played; otherwise another one was made up in its place already
   */
  arrived(timestamp: number, nowMs: number): boolean {
    const aheadFrames = this.#expected === null ? 0 : ((timestamp - this.#expected) | 0) / this.#frameSamples;
    const late = aheadFrames < 0 && aheadFrames > -JUMP_FRAMES;
    if (late && ++this.#lateInRow <= MOST_LATE) return false;
    this.#lateInRow = 0;
    this.#stalled = false;
    this.#expected = (timestamp + this.#frameSamples) | 0;
    this.#dueMs = nowMs + this.#frameMs;
    return true;
  }

  /** When a frame must be made up, unless one comes before. */
  get overdueMs(): number {
    return this.#dueMs + (this.#stalled ? STALLED_GRACE_MS : GRACE_MS);
  }

  /** Whether a frame must be made up now; to be asked again until it says no. */
  overdue(nowMs: number): boolean {
    if (nowMs < this.overdueMs) return false;
    this.#stalled = true;
    // After a standstill of this process the missed frames are not made up for.
    const missedMs = nowMs - this.#dueMs;
    this.#dueMs += missedMs > JUMP_FRAMES * this.#frameMs ? missedMs : this.#frameMs;
    if (this.#expected !== null) this.#expected = (this.#expected + this.#frameSamples) | 0;
    return true;
  }
}
