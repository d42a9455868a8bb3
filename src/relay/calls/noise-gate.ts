import { encodeG711Into } from '../../audio/g711.ts';
import { G722Encoder } from '../../audio/g722.ts';
import { meanAmplitude } from '../../audio/level.ts';
import type { Codec } from '../audience/audience-listener.ts';
import type { CallSpec } from '../protocol/protocol.ts';
import { STEP_BYTES, STEP_MS, StepDecoder } from './step-decoder.ts';

const NARROW_SILENCE = new Int16Array(STEP_BYTES);
const WIDE_SILENCE = new Int16Array(2 * STEP_BYTES);

/**
 * Passes the audio of a phone from when it is as loud as a voice until it has been softer for a while, so that neither the
 * beginnings nor the ends of words are cut off. Silence replaces the rest.
 */
export class NoiseGate {
  readonly #options: NonNullable<CallSpec['gate']>;
  readonly #decoder = new StepDecoder();
  /** Encodes what is passed too: a decoder of G.722 cannot follow at once when another encoder goes on. */
  #g722: G722Encoder | null = null;
  readonly #encoded = Buffer.alloc(STEP_BYTES);
  /** For so long it stays open without another loud step. */
  #openMs = 0;

  constructor(options: NonNullable<CallSpec['gate']>) {
    this.#options = options;
  }

  /** HOT PATH. Takes the payload of the next packet, and overwrites what is not to be heard. */
  push(codec: Codec, payload: Buffer): void {
    for (let at = 0; at + STEP_BYTES <= payload.length; at += STEP_BYTES) {
      const samples = this.#decoder.decode(codec, payload.subarray(at, at + STEP_BYTES));
      const isLoud = meanAmplitude(samples) >= this.#options.level;
      const isHeard = isLoud || this.#openMs > 0;
      this.#openMs = isLoud ? this.#options.holdMs : Math.max(0, this.#openMs - STEP_MS);
      if (codec === 'G722') this.#encodeWide(isHeard ? samples : WIDE_SILENCE);
      else if (!isHeard) encodeG711Into(codec, NARROW_SILENCE, this.#encoded);
      if (!isHeard || codec === 'G722') this.#encoded.copy(payload, at);
    }
  }

  #encodeWide(samples: Int16Array): void {
    this.#g722 ??= new G722Encoder(2 * STEP_BYTES);
    this.#g722.encodeInto(samples, this.#encoded);
  }
}
