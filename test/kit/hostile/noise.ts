import { fillRandom, nextBelow, nextUint32, type Random } from '../random.ts';
import { MAX_DATAGRAM_BYTES } from './capture.ts';

/** Random bytes to copy from: making each anew would take longer than sending them. */
export type Noise = Uint8Array;

/** Copies begin anywhere in the first half. */
const NOISE_BYTES = 2 * 65_536;
/** So many bytes at the beginning are made anew: no two packets begin alike. */
const FRESH_BYTES = 16;

export function makeNoise(random: Random): Noise {
  const noise = new Uint8Array(NOISE_BYTES);
  fillRandom(random, noise);
  return noise;
}

/** Fills `out`, of at most `MAX_DATAGRAM_BYTES`, with random bytes. */
export function fillWithNoise(out: Uint8Array, random: Random, noise: Noise): void {
  const offset = nextBelow(random, NOISE_BYTES - MAX_DATAGRAM_BYTES);
  out.set(noise.subarray(offset, offset + out.length));
  let word = 0;
  for (let i = 0; i < FRESH_BYTES && i < out.length; i++) {
    if ((i & 3) === 0) word = nextUint32(random);
    out[i] = word & 0xff;
    word >>>= 8;
  }
}
