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
  #loudMs = 0;
  #quietMs = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  /**
   * HOT PATH. Takes the next packet.
   * @param codec null for one that the relay does not decode
   * @param level mean amplitude from which the phone is loud; null if nobody asks
   * @returns whether it is to be reported now that the phone talks
   */
  push(view: RtpView, packet: Buffer, codec: Codec | null, level: number | null, nowMs: number): boolean {
    if (codec === null || level === null) return false;
    for (let at = view.payloadStart; at + STEP_BYTES <= view.payloadEnd; at += STEP_BYTES) {
      const isLoud = meanAmplitude(this.#decoder.decode(codec, packet.subarray(at, at + STEP_BYTES))) >= level;
      this.#quietMs = isLoud ? 0 : this.#quietMs + STEP_MS;
      if (isLoud) this.#loudMs += STEP_MS;
      if (this.#quietMs > PAUSE_MS) this.#loudMs = 0;
    }
    if (this.#loudMs < TALKS_MS || nowMs - this.#reportedAtMs < REPORT_MS) return false;
    this.#reportedAtMs = nowMs;
    return true;
  }
}
