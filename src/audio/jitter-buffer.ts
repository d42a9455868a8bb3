import { ArrivalDelays } from './arrival-delays.ts';
import { Concealment } from './concealment.ts';
import { FrameSlots, type NumberedFrame, SLOTS } from './frame-slots.ts';
import { SILENCE_DBOV } from './level.ts';

const FRAME_MS = 20;
/** The longest delay: audio is left out rather than played later. */
const MAX_DELAY_MS = 120;
/** Frames below this may be left out or repeated unnoticed. */
const QUIET_DBOV = -50;
/** A frame whose time differs by more than this from the others means that the source has restarted. */
const FOREIGN_MS = 1000;
/** At most so many lost frames are filled in; concealment is silent after them. */
const MAX_CONCEALED = 3;
/** The delay is shortened when it is longer than needed by this much, beyond the precision of one tick. */
const LONGER_MS = 10;
/** The delay is shortened by at most one frame in so many ticks. */
const SHORTEN_TICKS = 5;
/** A silence descriptor up to so many frames after the missing one still marks the end of the voice. */
const END_FRAMES = 3;
/** The delay may be too short for this share of frames. */
const LATER_SHARE = 0.01;
/** The share where lost frames are repeated: redundancy is for bad networks, where a longer wait is better. */
const LATER_SHARE_OF_REPEATS = 0.003;

export interface JitterBufferOptions {
  /** 8000 or 16000 */
  readonly sampleRateHz: number;
  /** The shortest delay; 20 by default. */
  readonly minMs?: number;
}

export type PushOutcome = 'accepted' | 'late' | 'duplicate' | 'foreign' | 'bad-frame';
export type PullOutcome = 'frame' | 'concealed' | 'silence';

const NO_COUNTS = {
  /** Accepted frames, with silence descriptors. */
  received: 0,
  late: 0,
  duplicate: 0,
  /** Frames of a wrong length, and the first one after the source has restarted. */
  refused: 0,
  concealed: 0,
  /** Received frames that were left out to shorten the delay. */
  dropped: 0,
  /** Frames that were played twice to lengthen the delay. */
  repeated: 0,
  resyncs: 0,
};

export type JitterBufferStats = Readonly<typeof NO_COUNTS> & {
  /** The present delay of a frame without jitter. */
  readonly delayMs: number;
  readonly targetMs: number;
};

/**
 * Plays the frames of one remote source at an even pace. The delay follows the jitter: it grows at once when a missed
 * frame arrives, and shrinks slowly, in quiet frames. After silence, or a pause of the source, the wait begins anew
 * with the right delay.
 *
 * Below, `slack` is the time that the due frame would have waited if it had been as fast as the fastest.
 */
export class JitterBuffer {
  readonly #frameSamples: number;
  /** The shortest delay, and the same where lost frames are repeated. */
  readonly #leastMs: number;
  #minMs: number;
  #laterShare = LATER_SHARE;
  readonly #delays = new ArrivalDelays();
  readonly #concealment: Concealment;
  readonly #slots: FrameSlots;
  #started = false;
  /** Whether frames are being played; otherwise the first one is awaited. */
  #playing = false;
  /** The frame that is due, or the first that would be played. */
  #next = 0;
  /** For so many ticks other audio has replaced the due frame. */
  #overdueTicks = 0;
  /** The number of consecutive concealed frames. */
  #gapTicks = 0;
  #ticksSinceShortened = 0;
  #heardQuiet = false;
  #foreignTransitMs = Number.NaN;
  #noiseDbov = SILENCE_DBOV;
  #delayMs = 0;
  readonly #counts = { ...NO_COUNTS };

  constructor({ sampleRateHz, minMs = 20 }: JitterBufferOptions) {
    this.#frameSamples = (sampleRateHz * FRAME_MS) / 1000;
    this.#leastMs = minMs;
    this.#minMs = minMs;
    this.#concealment = new Concealment(sampleRateHz);
    this.#slots = new FrameSlots(this.#frameSamples);
  }

  /**
   * The source repeats so many frames in later packets: the delay becomes long enough for a lost frame to be repeated.
   */
  expectRepeats(frames: number): void {
    this.#minMs = Math.max(this.#minMs, this.#leastMs + frames * FRAME_MS);
    if (frames > 0) this.#laterShare = LATER_SHARE_OF_REPEATS;
  }

  /** The level of the noise for silence, as last sent by the source. */
  get noiseDbov(): number {
    return this.#noiseDbov;
  }

  get stats(): JitterBufferStats {
    return { ...this.#counts, delayMs: this.#delayMs, targetMs: this.#targetMs() };
  }

  /** HOT PATH. Adds a frame that arrived at `nowMs`, a monotonic time on the same clock as that of `pull`. */
  push(frame: NumberedFrame, nowMs: number): PushOutcome {
    const { sequence, samples } = frame;
    if (!(sequence >= 0) || (samples !== null && samples.length !== this.#frameSamples)) {
      this.#counts.refused += 1;
      return 'bad-frame';
    }
    if (this.#slots.hasSeen(sequence)) {
      this.#counts.duplicate += 1;
      return 'duplicate';
    }
    if (!this.#learnTime(sequence, nowMs)) {
      this.#counts.refused += 1;
      return 'foreign';
    }
    if (sequence < this.#next) {
      this.#counts.late += 1;
      return 'late';
    }
    // Without pulls, or when the source has counted its silence, frames become too old for a slot and are dropped.
    if (sequence - this.#next >= SLOTS) this.#dropUntil(sequence - SLOTS + 1);
    this.#slots.put(frame);
    this.#counts.received += 1;
    return 'accepted';
  }

  /**
   * HOT PATH. Must be called once per 20 ms. Fills `out` with the next frame. For `silence` these are zeros, to
   * which noise of `noiseDbov` belongs.
   */
  pull(nowMs: number, out: Int16Array): PullOutcome {
    this.#ticksSinceShortened += 1;
    if (!this.#playing) this.#beginIfDue(nowMs);
    if (!this.#playing) return this.#silence(out);
    this.#keepBelowMax(nowMs);
    this.#delayMs = this.#slackMs(this.#next, nowMs);
    if (!this.#slots.isWaiting(this.#next) && this.#slots.waiting > 0) this.#skipOverdue();
    if (!this.#slots.isWaiting(this.#next)) return this.#miss(out);
    if (this.#isQuiet(this.#next) && this.#adaptInQuiet()) {
      out.set(this.#slots.samples(this.#next));
      this.#counts.repeated += 1;
      return this.#heard(out);
    }
    return this.#play(out);
  }

  /** The shortest wanted delay: that of the jitter, but at least one tick below the maximum. */
  #targetMs(): number {
    const mostMs = Math.max(this.#minMs, MAX_DELAY_MS - FRAME_MS - LONGER_MS);
    return Math.min(mostMs, Math.max(this.#minMs, this.#delays.quantileMs(this.#laterShare)));
  }

  #slackMs(sequence: number, nowMs: number): number {
    return nowMs - sequence * FRAME_MS - this.#delays.fastestMs;
  }

  #isQuiet(sequence: number): boolean {
    return this.#slots.isVoiced(sequence) && this.#slots.levelDbov(sequence) < QUIET_DBOV;
  }

  /** Learns from the arrival of a frame; false if its time does not fit the others. */
  #learnTime(sequence: number, nowMs: number): boolean {
    const transitMs = nowMs - sequence * FRAME_MS;
    if (!this.#started) {
      this.#started = true;
      this.#restart(sequence, transitMs, nowMs);
      return true;
    }
    const laterMs = transitMs - this.#delays.fastestMs;
    const idle = !this.#playing && this.#slots.waiting === 0;
    // Restarting loses nothing, and also suits a source that does not count its silence.
    if (idle && laterMs > MAX_DELAY_MS && sequence >= this.#next) {
      this.#delays.begin(transitMs, nowMs);
      return true;
    }
    if (Math.abs(laterMs) > FOREIGN_MS) {
      const agrees = Math.abs(transitMs - this.#foreignTransitMs) <= MAX_DELAY_MS;
      this.#foreignTransitMs = transitMs;
      if (!agrees) return false;
      this.#counts.resyncs += 1;
      this.#restart(sequence, transitMs, nowMs);
      return true;
    }
    this.#foreignTransitMs = Number.NaN;
    this.#delays.add(transitMs, nowMs);
    return true;
  }

  #restart(sequence: number, transitMs: number, nowMs: number): void {
    this.#delays.begin(transitMs, nowMs);
    this.#slots.clear();
    this.#next = sequence;
    this.#foreignTransitMs = Number.NaN;
    this.#wait();
  }

  #dropUntil(sequence: number): void {
    if (this.#slots.waiting > 0) {
      const end = Math.min(sequence, this.#next + SLOTS);
      for (let at = this.#next; at < end; at += 1) {
        if (this.#slots.isWaiting(at)) {
          this.#slots.release(at);
          this.#counts.dropped += 1;
        }
      }
    }
    this.#next = sequence;
    this.#overdueTicks = 0;
  }

  #wait(): void {
    this.#playing = false;
    this.#overdueTicks = 0;
    this.#gapTicks = 0;
  }

  #silence(out: Int16Array): PullOutcome {
    out.fill(0);
    return 'silence';
  }

  /** Playing begins with the first waiting frame with samples, once it has waited long enough. */
  #beginIfDue(nowMs: number): void {
    const targetMs = this.#targetMs();
    while (this.#slots.waiting > 0) {
      // All waiting frames are in the SLOTS from the next one on, so that this ends.
      while (!this.#slots.isWaiting(this.#next)) this.#next += 1;
      if (this.#slackMs(this.#next, nowMs) < targetMs) return;
      if (this.#slots.isVoiced(this.#next)) {
        this.#playing = true;
        return;
      }
      this.#hearSilence();
    }
  }

  #hearSilence(): void {
    this.#noiseDbov = this.#slots.levelDbov(this.#next);
    this.#slots.release(this.#next);
    this.#next += 1;
  }

  /** This is the only case in which audio is left out. */
  #keepBelowMax(nowMs: number): void {
    const excessMs = this.#slackMs(this.#next, nowMs) - MAX_DELAY_MS;
    if (excessMs > 0) this.#dropUntil(this.#next + Math.ceil(excessMs / FRAME_MS));
  }

  /** A later frame has come: the awaited one is lost, and its time was filled already. */
  #skipOverdue(): void {
    while (this.#overdueTicks > 0 && !this.#slots.isWaiting(this.#next)) {
      this.#next += 1;
      this.#overdueTicks -= 1;
      this.#delayMs -= FRAME_MS;
    }
  }

  #miss(out: Int16Array): PullOutcome {
    if (this.#gapTicks >= MAX_CONCEALED) {
      this.#wait();
      return this.#silence(out);
    }
    if (this.#gapTicks === 0 && this.#endsInSilence()) return this.#play(out);
    this.#gapTicks += 1;
    // Without a later frame, this one may be lost or late, so the wait continues. It also continues where the delay
    // must grow anyway.
    if (this.#slots.waiting === 0 || this.#delayMs < this.#targetMs()) this.#overdueTicks += 1;
    else this.#next += 1;
    this.#concealment.conceal(out);
    this.#counts.concealed += 1;
    return 'concealed';
  }

  /** Whether the voice ends with the last played frame, or a frame later that was as quiet: nothing is made up then. */
  #endsInSilence(): boolean {
    if (!this.#heardQuiet) return false;
    for (let at = this.#next + 1; at <= this.#next + END_FRAMES; at += 1) {
      if (!this.#slots.isWaiting(at)) continue;
      if (this.#slots.isVoiced(at)) return false;
      this.#next = at;
      return true;
    }
    return false;
  }

  /** Leaves out or repeats a frame where that is unnoticed. @returns whether the due frame is repeated */
  #adaptInQuiet(): boolean {
    const targetMs = this.#targetMs();
    if (this.#delayMs < targetMs) return true;
    const longer = this.#delayMs >= targetMs + FRAME_MS + LONGER_MS;
    if (longer && this.#ticksSinceShortened >= SHORTEN_TICKS && this.#slots.isWaiting(this.#next + 1)) {
      this.#slots.release(this.#next);
      this.#counts.dropped += 1;
      this.#next += 1;
      this.#ticksSinceShortened = 0;
    }
    return false;
  }

  #play(out: Int16Array): PullOutcome {
    if (!this.#slots.isVoiced(this.#next)) {
      this.#hearSilence();
      this.#wait();
      return this.#silence(out);
    }
    out.set(this.#slots.samples(this.#next));
    this.#heardQuiet = this.#isQuiet(this.#next);
    this.#slots.release(this.#next);
    this.#next += 1;
    return this.#heard(out);
  }

  #heard(out: Int16Array): PullOutcome {
    this.#concealment.good(out);
    this.#overdueTicks = 0;
    this.#gapTicks = 0;
    return 'frame';
  }
}
