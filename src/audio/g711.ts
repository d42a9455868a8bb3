/*
 * ITU-T G.711. A code byte is a sign, a segment of 3 bits and a step of 4 bits within the segment; each segment is
 * twice as wide as the one before:
 *
 *    7   6 5 4   3 2 1 0
 *   +-+ +-+-+-+ +-+-+-+-+
 *   |S| |segm.| | step  |
 *   +-+ +-+-+-+ +-+-+-+-+
 *
 * On the wire mu-law has all bits inverted, A-law every other one.
 */

/** The two laws by their SDP encoding name (RFC 3551, section 4.5.14). */
export type G711Law = 'PCMU' | 'PCMA';

const SIGN_BIT = 0x80;
const SEGMENT_SHIFT = 4;
const SEGMENT_MASK = 0x07;
const STEP_MASK = 0x0f;
const ALAW_WIRE_BITS = 0x55;

/** Mu-law shifts magnitudes by this, so that the segments begin at powers of two (of 14 bits: 33). */
const MULAW_BIAS = 132;
const MULAW_MAX = 32_767 - MULAW_BIAS;

const DECODE: Readonly<Record<G711Law, Int16Array>> = {
  PCMU: Int16Array.from({ length: 256 }, (_, code) => decodeMulaw(code)),
  PCMA: Int16Array.from({ length: 256 }, (_, code) => decodeAlaw(code)),
};

/** Indexed by the sample's 16 bits. */
const ENCODE: Readonly<Record<G711Law, Uint8Array>> = {
  PCMU: Uint8Array.from({ length: 0x10000 }, (_, bits) => encodeMulaw((bits << 16) >> 16)),
  PCMA: Uint8Array.from({ length: 0x10000 }, (_, bits) => encodeAlaw((bits << 16) >> 16)),
};

/** HOT PATH. Decodes all `bytes` to 16-bit samples at 8000 Hz; `out` must be as long. */
export function decodeG711Into(law: G711Law, bytes: Uint8Array, out: Int16Array): void {
  const table = DECODE[law];
  for (let i = 0; i < bytes.length; i += 1) out[i] = table[bytes[i] as number] as number;
}

/** HOT PATH. Encodes all `samples`, 16 bits at 8000 Hz, to a byte each; `out` must be as long. */
export function encodeG711Into(law: G711Law, samples: Int16Array, out: Uint8Array): void {
  const table = ENCODE[law];
  for (let i = 0; i < samples.length; i += 1) out[i] = table[(samples[i] as number) & 0xffff] as number;
}

function decodeMulaw(code: number): number {
  const bits = ~code;
  const segment = (bits >> SEGMENT_SHIFT) & SEGMENT_MASK;
  const magnitude = (((bits & STEP_MASK) * 8 + MULAW_BIAS) << segment) - MULAW_BIAS;
  return (bits & SIGN_BIT) !== 0 ? -magnitude : magnitude;
}

function encodeMulaw(sample: number): number {
  const biased = Math.min(Math.abs(sample), MULAW_MAX) + MULAW_BIAS;
  const segment = highestBit(biased) - 7;
  const step = (biased >> (segment + 3)) & STEP_MASK;
  return ~((sample < 0 ? SIGN_BIT : 0) | (segment << SEGMENT_SHIFT) | step) & 0xff;
}

function decodeAlaw(code: number): number {
  const bits = code ^ ALAW_WIRE_BITS;
  const segment = (bits >> SEGMENT_SHIFT) & SEGMENT_MASK;
  // The middle of the step. The first two segments are equally wide.
  const within = (bits & STEP_MASK) * 16 + 8;
  const magnitude = segment === 0 ? within : (within + 256) << (segment - 1);
  return (bits & SIGN_BIT) !== 0 ? magnitude : -magnitude;
}

function encodeAlaw(sample: number): number {
  // The ones' complement, so that the steps on both sides of zero are equally wide: G.191, alaw_compress.
  const magnitude = sample < 0 ? ~sample : sample;
  const segment = Math.max(0, highestBit(magnitude) - 7);
  const step = (magnitude >> (segment === 0 ? 4 : segment + 3)) & STEP_MASK;
  return ((sample < 0 ? 0 : SIGN_BIT) | (segment << SEGMENT_SHIFT) | step) ^ ALAW_WIRE_BITS;
}

/** The number of the highest bit that is set; -1 for 0. */
function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}
