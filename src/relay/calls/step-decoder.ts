import { decodeG711Into } from '../../audio/g711.ts';
import { G722Decoder } from '../../audio/g722.ts';
import type { Codec } from '../audience/audience-listener.ts';

/** 10 ms in each of the codecs; packets are multiples of it. */
export const STEP_BYTES = 80;
export const STEP_MS = 10;

// These are overwritten by each step of any phone.
const NARROW = new Int16Array(STEP_BYTES);
const WIDE = new Int16Array(2 * STEP_BYTES);

/** Decodes what one phone sends. The decoder of G.722 comes to agree with that of the phone within some packets. */
export class StepDecoder {
  #decoder: G722Decoder | null = null;

  /** HOT PATH. Decodes `STEP_BYTES`. @returns the samples, valid until the next step of any phone */
  decode(codec: Codec, bytes: Buffer): Int16Array {
    if (codec !== 'G722') {
      decodeG711Into(codec, bytes, NARROW);
      return NARROW;
    }
    this.#decoder ??= new G722Decoder(WIDE.length);
    this.#decoder.decodeInto(bytes, WIDE);
    return WIDE;
  }
}
