import { meanAmplitude } from '../../audio/level.ts';
import type { RtpView } from '../../rtp/packet.ts';
import type { Codec } from '../audience/audience-listener.ts';
import { STEP_BYTES, STEP_MS, StepDecoder } from './step-decoder.ts';

/** A phone that is loud for so long talks, and does not only cough. */
const TALKS_MS = 300;
/** Words and syllables have pauses of this length between them. */
const PAUSE_MS = 500;
/** Talking that goes on is reported at this interval. */
const REPORT_MS = 5000;

/** Finds out whether a phone talks, by the same measure as Asterisk's `TALK_DETECT`: the mean amplitude of samples. */
export class TalkWatch {
  readonly #decoder = new StepDecoder();
  #level: number | null;
  #loudMs = 0;
  /** The last loud step. A phone may send nothing in a pause, so the clock tells how long it was. */
  #loudAtMs = Number.NEGATIVE_INFINITY;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  /** @param level the mean amplitude from which the phone is loud; null if nobody asks */
  constructor(level: number | null) {
    this.#level = level;
  }

  /** Begins anew with another level: talking before is not the answer to a question that is asked now. */
  change(level: number | null): void {
    if (level === this.#level) return;
    this.#level = level;
    this.#loudMs = 0;
    this.#reportedAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * HOT PATH. Takes the next packet.
   * @param codec null for one that the relay does not decode
   * @returns whether it is to be reported now that the phone talks
   */
  push(view: RtpView, packet: Buffer, codec: Codec | null, nowMs: number): boolean {
    const level = this.#level;
    if (codec === null || level === null) return false;
    let isLoud = false;
    for (let at = view.payloadStart; at + STEP_BYTES <= view.payloadEnd; at += STEP_BYTES) {
      if (meanAmplitude(this.#decoder.decode(codec, packet.subarray(at, at + STEP_BYTES))) < level) continue;
      if (nowMs - this.#loudAtMs > PAUSE_MS) this.#loudMs = 0;
      this.#loudAtMs = nowMs;
      this.#loudMs += STEP_MS;
      isLoud = true;
    }
    if (!isLoud || this.#loudMs < TALKS_MS || nowMs - this.#reportedAtMs < REPORT_MS) return false;
    this.#reportedAtMs = nowMs;
    return true;
  }
}
