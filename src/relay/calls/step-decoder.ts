import { decodeG711Into } from '../../audio/g711.ts';
import { G722Decoder } from '../../audio/g722.ts';
import type { Codec } from '../audience/audience-listener.ts';

/** 10 ms in each of the codecs; packets are multiples of it. */
export const STEP_BYTES = 80;
export const STEP_MS = 10;

/** Decodes what one phone sends. The decoder of G.722 comes to agree with that of the phone within some packets. */
export class StepDecoder {
  readonly #wide = new Int16Array(2 * STEP_BYTES);
  readonly #narrow = new Int16Array(STEP_BYTES);
  #decoder: G722Decoder | null = null;

  /** HOT PATH. Decodes `STEP_BYTES`. @returns the samples, valid until the next call */
  decode(codec: Codec, bytes: Buffer): Int16Array {
    if (codec !== 'G722') {
      decodeG711Into(codec, bytes, this.#narrow);
      return this.#narrow;
    }
    this.#decoder ??= new G722Decoder(this.#wide.length);
    this.#decoder.decodeInto(bytes, this.#wide);
    return this.#wide;
  }
}
