import { alaw, mulaw } from 'alawmulaw';
import { describe, expect, it } from 'vitest';
import { decodeG711Into, encodeG711Into, type G711Law } from '../../../src/audio/g711.ts';

const LAWS: readonly G711Law[] = ['PCMU', 'PCMA'];
const ALL_CODES = Uint8Array.from({ length: 256 }, (_, code) => code);
const ALL_SAMPLES = Int16Array.from({ length: 0x10000 }, (_, i) => i - 0x8000);

function decode(law: G711Law, codes: Uint8Array): Int16Array {
  const out = new Int16Array(codes.length);
  decodeG711Into(law, codes, out);
  return out;
}

function encode(law: G711Law, samples: Int16Array): Uint8Array {
  const out = new Uint8Array(samples.length);
  encodeG711Into(law, samples, out);
  return out;
}

/** From the tables of the recommendation: 16 steps to a segment, each segment twice as wide as the one before. */
function halfStep(law: G711Law, sample: number): number {
  const magnitude = Math.abs(sample);
  if (law === 'PCMU') {
    // Above the last decision value the error is that of clipping.
    return magnitude > 32_635 ? 32_768 - 32_124 : 2 ** (Math.floor(Math.log2(magnitude + 132)) - 5);
  }
  return Math.max(8, 2 ** (Math.floor(Math.log2(magnitude)) - 5));
}

describe('G.711', () => {
  it('decodes every code as another implementation does', () => {
    expect(decode('PCMU', ALL_CODES)).toEqual(mulaw.decode(ALL_CODES));
    expect(decode('PCMA', ALL_CODES)).toEqual(alaw.decode(ALL_CODES));
  });

  it('encodes every sample to mu-law as another implementation does', () => {
    expect(encode('PCMU', ALL_SAMPLES)).toEqual(mulaw.encode(ALL_SAMPLES));
  });

  it('encodes samples to A-law as another implementation does, but for the borders of its negative steps', () => {
    const ours = encode('PCMA', ALL_SAMPLES);
    const theirs = alaw.encode(ALL_SAMPLES);
    const differing = ALL_SAMPLES.filter((_, i) => ours[i] !== theirs[i]);
    expect(differing).toHaveLength(127);
    for (const sample of differing) {
      // There the reference takes the step of the smaller magnitude, so that both signs have steps of the same width.
      expect(sample % 16).toBe(-0);
      const mirrored = ours[~sample + 0x8000] ?? 0;
      expect(ours[sample + 0x8000]).toBe(mirrored ^ 0x80);
    }
  });

  it.each(LAWS)('gives back every code of %s that it has decoded', (law) => {
    const again = encode(law, decode(law, ALL_CODES));
    for (const code of ALL_CODES) {
      // Mu-law has two codes for zero; the positive one is sent.
      expect(again[code]).toBe(law === 'PCMU' && code === 0x7f ? 0xff : code);
    }
  });

  it.each(LAWS)('is off by at most half the step of %s in which the sample is', (law) => {
    const decoded = decode(law, encode(law, ALL_SAMPLES));
    for (const [i, sample] of ALL_SAMPLES.entries()) {
      const error = Math.abs((decoded[i] ?? 0) - sample);
      if (error > halfStep(law, sample)) throw new Error(`${sample} became ${decoded[i]}`);
    }
  });

  it('has the silence of both laws', () => {
    expect([...encode('PCMU', Int16Array.of(0))]).toEqual([0xff]);
    expect([...encode('PCMA', Int16Array.of(0))]).toEqual([0xd5]);
  });
});
