import { levelOfMeanSquare, meanSquare } from '../../audio/level.ts';
import { Vad } from '../../audio/vad.ts';
import type { Codec } from '../audience/audience-listener.ts';
import { STEP_BYTES, StepDecoder } from './step-decoder.ts';

/** The frames of a `Vad` have 20 ms. */
const STEPS_PER_FRAME = 2;
/** A softer voice is not understood over the noise of a telephone line. */
const VOICE = { thresholdDbov: -45, holdMs: 200, adaptive: true };

/** Finds pauses in what a phone sends. */
export class Pauses {
  readonly #vad = new Vad(VOICE);
  readonly #decoder = new StepDecoder();
  /** The present frame, with the packets that it spans. */
  #power = 0;
  #steps = 0;

  /** HOT PATH. Takes the next packet. @returns whether nobody speaks in it, nor has spoken just before */
  push(codec: Codec, payload: Buffer): boolean {
    let speaks = this.#vad.active;
    for (let at = 0; at + STEP_BYTES <= payload.length; at += STEP_BYTES) {
      const samples = this.#decoder.decode(codec, payload.subarray(at, at + STEP_BYTES));
      this.#power += meanSquare(samples, samples.length);
      this.#steps += 1;
      if (this.#steps < STEPS_PER_FRAME) continue;
      speaks = this.#vad.push(levelOfMeanSquare(this.#power / STEPS_PER_FRAME)) || speaks;
      this.#power = 0;
      this.#steps = 0;
    }
    if (this.#steps > 0) speaks ||= levelOfMeanSquare(this.#power / this.#steps) >= this.#vad.thresholdDbov;
    return !speaks;
  }
}
