import { encodeG711Into } from '../../audio/g711.ts';
import { G722Encoder } from '../../audio/g722.ts';
import { meanAmplitude } from '../../audio/level.ts';
import type { Codec } from '../audience/audience-listener.ts';
import type { CallSpec } from '../protocol/protocol.ts';
import { STEP_BYTES, STEP_MS, StepDecoder } from './step-decoder.ts';

const NARROW_SILENCE = new Int16Array(STEP_BYTES);
const WIDE_SILENCE = new Int16Array(2 * STEP_BYTES);
/** It is overwritten by each step of any phone. */
const ENCODED = Buffer.alloc(STEP_BYTES);

/**
 * Passes the audio of a phone from when it is as loud as a voice until it has been softer for a while, so that neither the
 * beginnings nor the ends of words are cut off. Silence replaces the rest.
 */
export class NoiseGate {
  #options: NonNullable<CallSpec['gate']>;
  readonly #decoder = new StepDecoder();
  /** Encodes what is passed too: a decoder of G.722 cannot follow at once when another encoder goes on. */
  #g722: G722Encoder | null = null;
  /** Since the last loud step. */
  #softMs = Number.POSITIVE_INFINITY;

  constructor(options: NonNullable<CallSpec['gate']>) {
    this.#options = options;
  }

  /** Goes on with another level or hold, as it is: in the midst of a word it stays open. */
  change(options: NonNullable<CallSpec['gate']>): void {
    this.#options = options;
  }

  /** HOT PATH. Takes the payload of the packet that is heard next, and overwrites what is not to be heard. */
  push(codec: Codec, payload: Buffer): void {
    const { level, holdMs } = this.#options;
    for (let at = 0; at + STEP_BYTES <= payload.length; at += STEP_BYTES) {
      const samples = this.#decoder.decode(codec, payload.subarray(at, at + STEP_BYTES));
      const isLoud = meanAmplitude(samples) >= level;
      const isHeard = isLoud || this.#softMs < holdMs;
      this.#softMs = isLoud ? 0 : this.#softMs + STEP_MS;
      if (codec === 'G722') this.#encodeWide(isHeard ? samples : WIDE_SILENCE);
      else if (!isHeard) encodeG711Into(codec, NARROW_SILENCE, ENCODED);
      if (!isHeard || codec === 'G722') ENCODED.copy(payload, at);
    }
  }

  #encodeWide(samples: Int16Array): void {
    this.#g722 ??= new G722Encoder(2 * STEP_BYTES);
    this.#g722.encodeInto(samples, ENCODED);
  }
}
