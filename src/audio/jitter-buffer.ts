import { ArrivalDelays } from './arrival-delays.ts';
import { Concealment } from './concealment.ts';
import { FrameSlots, type NumberedFrame, SLOTS } from './frame-slots.ts';
import { SILENCE_DBOV } from './level.ts';

/** A frame whose time is further off than this, compared to the others, is from another beginning of the source. */
const FOREIGN_MS = 1000;
/** So many lost frames are filled in; then there is silence, as Concealment is silent by then. */
const MAX_CONCEALED = 3;
/** The delay is shortened when it is longer than needed by this much, beyond the tick that it cannot be exact to. */
const LONGER_MS = 10;
/** And by no more than one frame in so many ticks. */
const SHORTEN_TICKS = 5;
/** A silence descriptor may be so many frames after the one that is missing, and still be the end of what was heard. */
const END_FRAMES = 3;
/** The share of frames for which the delay may be too short. */
const LATER_SHARE = 0.01;
/** The same where frames come again after a loss: whoever pays for that has a bad network, and rather waits. */
const LATER_SHARE_OF_REPEATS = 0.003;

export interface JitterBufferOptions {
  /** 8000 or 16000 */
  readonly sampleRateHz: number;
  readonly frameMs?: number;
  readonly minMs?: number;
  readonly maxMs?: number;
  /** Frames below this may be left out or repeated without being noticed; -50 by default. */
  readonly quietDbov?: number;
}

export type PushOutcome = 'accepted' | 'late' | 'duplicate' | 'foreign' | 'bad-frame';
export type PullOutcome = 'frame' | 'concealed' | 'silence';

export interface JitterBufferStats {
  /** Accepted, keep-alives included. */
  readonly received: number;
  readonly late: number;
  readonly duplicate: number;
  /** Of another beginning of the source, before a second one said the same; and those of a wrong length. */
  readonly refused: number;
  readonly concealed: number;
  /** There, but left out to shorten the delay. */
  readonly dropped: number;
  /** Played twice to lengthen it. */
  readonly repeated: number;
  readonly resyncs: number;
  /** How long a frame without jitter waits at present. */
  readonly delayMs: number;
  readonly targetMs: number;
}

/**
 * Plays the frames of one remote source at an even pace. It waits as long as its jitter demands: longer at once, when a
 * frame is missed that then arrives, and shorter again slowly, in frames that are quiet. A source that had sent silence,
 * or nothing for a while, is waited for anew, with the delay that is right by then.
 *
 * With `slack` is meant, below, how long the frame that is due would have waited if it had been as fast as the fastest.
 */
export class JitterBuffer {
  readonly #frameMs: number;
  readonly #frameSamples: number;
  /** What is waited at least, and that where frames come again. */
  readonly #leastMs: number;
  #minMs: number;
  #laterShare = LATER_SHARE;
  readonly #maxMs: number;
  readonly #quietDbov: number;
  readonly #delays = new ArrivalDelays();
  readonly #concealment: Concealment;
  readonly #slots: FrameSlots;
  #started = false;
  /** Playing, one frame after the other; else waiting for the first. */
  #playing = false;
  /** The frame that is due, or the first that would be played. */
  #next = 0;
  /** For so many ticks something else has been heard in place of the frame that is due. */
  #overdueTicks = 0;
  /** Concealed one after the other. */
  #gapTicks = 0;
  #ticksSinceShortened = 0;
  /** Whether the last frame that was heard was quiet. */
  #heardQuiet = false;
  #foreignTransitMs = Number.NaN;
  #noiseDbov = SILENCE_DBOV;
  #delayMs = 0;
  #received = 0;
  #late = 0;
  #duplicate = 0;
  #refused = 0;
  #concealed = 0;
  #dropped = 0;
  #repeated = 0;
  #resyncs = 0;

  constructor(options: JitterBufferOptions) {
    this.#frameMs = options.frameMs ?? 20;
    this.#frameSamples = (options.sampleRateHz * this.#frameMs) / 1000;
    this.#leastMs = options.minMs ?? 20;
    this.#minMs = this.#leastMs;
    this.#maxMs = options.maxMs ?? 120;
    this.#quietDbov = options.quietDbov ?? -50;
    this.#concealment = new Concealment(options.sampleRateHz);
    this.#slots = new FrameSlots(this.#frameSamples);
  }

  /**
   * For a source that sends so many frames again, with the next ones: the delay is at least as long as it takes until a
   * lost frame comes again.
   */
  expectRepeats(frames: number): void {
    this.#minMs = Math.max(this.#minMs, this.#leastMs + frames * this.#frameMs);
    if (frames > 0) this.#laterShare = LATER_SHARE_OF_REPEATS;
  }

  /** The level of the noise that belongs into the silence: as last told by the source. */
  get noiseDbov(): number {
    return this.#noiseDbov;
  }

  get stats(): JitterBufferStats {
    return {
      received: this.#received,
      late: this.#late,
      duplicate: this.#duplicate,
      refused: this.#refused,
      concealed: this.#concealed,
      dropped: this.#dropped,
      repeated: this.#repeated,
      resyncs: this.#resyncs,
      delayMs: this.#delayMs,
      targetMs: this.#targetMs(),
    };
  }

  /** HOT PATH. Takes a frame that arrived at `nowMs`, which only has to be monotone and the clock of `pull`. */
  push(frame: NumberedFrame, nowMs: number): PushOutcome {
    const { sequence, samples } = frame;
    if (!(sequence >= 0) || (samples !== null && samples.length !== this.#frameSamples)) {
      this.#refused += 1;
      return 'bad-frame';
    }
    if (this.#slots.hasSeen(sequence)) {
      this.#duplicate += 1;
      return 'duplicate';
    }
    if (!this.#takeTime(sequence, nowMs)) {
      this.#refused += 1;
      return 'foreign';
    }
    if (sequence < this.#next) {
      this.#late += 1;
      return 'late';
    }
    this.#makeRoom(sequence);
    this.#slots.put(frame);
    this.#received += 1;
    return 'accepted';
  }

  /**
   * HOT PATH. To be called once each `frameMs`. Fills `out`, of one frame, with what is to be heard now; with zeros if
   * that is `silence`, into which noise of `noiseDbov` belongs.
   */
  pull(nowMs: number, out: Int16Array): PullOutcome {
    this.#ticksSinceShortened += 1;
    if (!this.#playing) this.#beginIfDue(nowMs);
    if (!this.#playing) return this.#silence(out);
    this.#keepBelowMax(nowMs);
    this.#delayMs = this.#slackMs(this.#next, nowMs);
    if (!this.#slots.isWaiting(this.#next) && this.#slots.waiting > 0) this.#skipOverdue();
    if (!this.#slots.isWaiting(this.#next)) return this.#miss(out);
    if (this.#isQuiet(this.#next)) {
      const repeats = this.#adaptInQuiet();
      if (repeats) {
        out.set(this.#slots.samples(this.#next));
        this.#repeated += 1;
        return this.#heard(out);
      }
    }
    return this.#play(out);
  }

  /** What the delay should at least be: as much as the jitter, but so that a tick more is still within the maximum. */
  #targetMs(): number {
    const mostMs = Math.max(this.#minMs, this.#maxMs - this.#frameMs - LONGER_MS);
    return Math.min(mostMs, Math.max(this.#minMs, this.#delays.quantileMs(this.#laterShare)));
  }

  #slackMs(sequence: number, nowMs: number): number {
    return nowMs - sequence * this.#frameMs - this.#delays.fastestMs;
  }

  #isQuiet(sequence: number): boolean {
    return this.#slots.isVoiced(sequence) && this.#slots.levelDbov(sequence) < this.#quietDbov;
  }

  /** Learns from when a frame arrived; false if that does not fit to the others. */
  #takeTime(sequence: number, nowMs: number): boolean {
    const transitMs = nowMs - sequence * this.#frameMs;
    if (!this.#started) {
      this.#started = true;
      this.#restart(sequence, transitMs, nowMs);
      return true;
    }
    const laterMs = transitMs - this.#delays.fastestMs;
    const idle = !this.#playing && this.#slots.waiting === 0;
    // Nothing is lost by beginning anew; this also suits a source that does not count its silence.
    if (idle && laterMs > this.#maxMs && sequence >= this.#next) {
      this.#delays.begin(transitMs, nowMs);
      return true;
    }
    if (Math.abs(laterMs) > FOREIGN_MS) {
      const agrees = Math.abs(transitMs - this.#foreignTransitMs) <= this.#maxMs;
      this.#foreignTransitMs = transitMs;
      if (!agrees) return false;
      this.#resyncs += 1;
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

  /** Nobody pulls, or the source has counted on in its silence: what is too old for a slot is given up. */
  #makeRoom(sequence: number): void {
    if (sequence - this.#next < SLOTS) return;
    this.#dropUntil(sequence - SLOTS + 1);
  }

  #dropUntil(sequence: number): void {
    if (this.#slots.waiting > 0) {
      const end = Math.min(sequence, this.#next + SLOTS);
      for (let at = this.#next; at < end; at += 1) {
        if (this.#slots.isWaiting(at)) {
          this.#slots.take(at);
          this.#dropped += 1;
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

  /** Of what waits, the first with samples is where playing begins, once it has waited long enough. */
  #beginIfDue(nowMs: number): void {
    const targetMs = this.#targetMs();
    while (this.#slots.waiting > 0) {
      // All that waits is in the SLOTS from the next on, so that this ends.
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
    this.#slots.take(this.#next);
    this.#next += 1;
  }

  /** The one case in which something that is heard is left out. */
  #keepBelowMax(nowMs: number): void {
    const excessMs = this.#slackMs(this.#next, nowMs) - this.#maxMs;
    if (excessMs > 0) this.#dropUntil(this.#next + Math.ceil(excessMs / this.#frameMs));
  }

  /** A later frame has come: the one waited for is lost, and its time was filled already. */
  #skipOverdue(): void {
    while (this.#overdueTicks > 0 && !this.#slots.isWaiting(this.#next)) {
      this.#next += 1;
      this.#overdueTicks -= 1;
      this.#delayMs -= this.#frameMs;
    }
  }

  #miss(out: Int16Array): PullOutcome {
    if (this.#gapTicks >= MAX_CONCEALED) {
      this.#wait();
      return this.#silence(out);
    }
    if (this.#gapTicks === 0 && this.#endsInSilence()) return this.#play(out);
    this.#gapTicks += 1;
    // If nothing later has come, it is not known whether this one is lost or late. The wait goes on; so it does where
    // the delay is to be longer anyway.
    if (this.#slots.waiting === 0 || this.#delayMs < this.#targetMs()) this.#overdueTicks += 1;
    else this.#next += 1;
    this.#concealment.conceal(out);
    this.#concealed += 1;
    return 'concealed';
  }

  /** Whether the sound ends with what was heard last, or a frame later, which then was as quiet: nothing is to be made up. */
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

  /** One frame fewer or more where it is not noticed; returns whether the one that is due is to be repeated. */
  #adaptInQuiet(): boolean {
    const targetMs = this.#targetMs();
    if (this.#delayMs < targetMs) return true;
    const longer = this.#delayMs >= targetMs + this.#frameMs + LONGER_MS;
    if (longer && this.#ticksSinceShortened >= SHORTEN_TICKS && this.#slots.isWaiting(this.#next + 1)) {
      this.#slots.take(this.#next);
      this.#dropped += 1;
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
    this.#slots.take(this.#next);
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
