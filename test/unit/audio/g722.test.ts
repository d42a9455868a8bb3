import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { G722Decoder, G722Encoder } from '../../../src/audio/g722.ts';
import { levelDbov } from '../../../src/audio/level.ts';
import { nextBetween, seededRandom } from '../../kit/random.ts';

const FRAME = 320;
/** Of the filters that split the bands and put them together again, in samples. */
const DELAY = 22;

function encode(samples: Int16Array): Uint8Array {
  const encoder = new G722Encoder(FRAME);
  const codes = new Uint8Array(samples.length / 2);
  for (let at = 0; at < samples.length; at += FRAME) {
    encoder.encodeInto(samples.subarray(at, at + FRAME), codes.subarray(at / 2, (at + FRAME) / 2));
  }
  return codes;
}

function decode(codes: Uint8Array): Int16Array {
  const decoder = new G722Decoder(FRAME);
  const out = new Int16Array(2 * codes.length);
  for (let at = 0; at < codes.length; at += FRAME / 2) {
    decoder.decodeInto(codes.subarray(at, at + FRAME / 2), out.subarray(2 * at, 2 * at + FRAME));
  }
  return out;
}

/** Two seconds in whole numbers: noise and triangles from very soft to as loud as can be, and silence. */
function exercise(most: number): Int16Array {
  const random = seededRandom(722);
  return Int16Array.from({ length: 100 * FRAME }, (_, i) => {
    const part = Math.floor(i / (10 * FRAME));
    const peak = part % 5 === 4 ? 0 : most >> (2 * (part % 5));
    const period = 200 - 19 * part;
    const triangle = Math.abs((i % period) - period / 2) * (4 / period) - 1;
    return part % 2 === 0 ? nextBetween(random, -peak, peak) : Math.round(peak * triangle);
  });
}

const tone = (hz: number, peak: number) =>
  Int16Array.from({ length: 50 * FRAME }, (_, i) => Math.round(peak * Math.sin((2 * Math.PI * hz * i) / 16_000)));
const steady = (samples: Int16Array) => samples.subarray(10 * FRAME);
const sha256 = (bytes: ArrayBufferView) =>
  createHash('sha256')
    .update(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    .digest('hex');

/** What Asterisk 22's `file convert` makes of the same, from `.sln16` to `.g722` and back. */
const OF_ASTERISK = {
  loud: '655a9c9eab2a036b6bdfb54ef61092533ae788df439e677954199eb4637492d9',
  codes: 'cd5f67e93e1244f31da37aa8af81b0aba6034ca820cf8863fd698eb371f0f16d',
  samples: 'c45cb2f4f4a0c04ab605a6443b5055759dbe2aca6634d996a42ebe1c47f93272',
};

describe('G.722', () => {
  it('encodes bit by bit as another implementation does', () => {
    expect(sha256(encode(exercise(32_767)))).toBe(OF_ASTERISK.loud);
    expect(sha256(encode(exercise(8000)))).toBe(OF_ASTERISK.codes);
  });

  it('decodes bit by bit as another implementation does', () => {
    expect(sha256(decode(encode(exercise(8000))))).toBe(OF_ASTERISK.samples);
  });

  it.each([
    [300, 40],
    [1000, 35],
    [3000, 30],
    [6000, 17],
    [7000, 14],
  ])('gives back a tone of %d Hz, with noise %d dB below it', (hz, ratioDb) => {
    const sent = tone(hz, 8000);
    const heard = steady(decode(encode(sent)));
    const noise = heard.map((sample, i) => sample - (sent[10 * FRAME + i - DELAY] as number));
    expect(Math.abs(levelDbov(heard) - levelDbov(steady(sent)))).toBeLessThan(0.5);
    expect(levelDbov(heard) - levelDbov(noise)).toBeGreaterThan(ratioDb);
  });

  it('clips what is louder than loud, as a telephone does', () => {
    const square = Int16Array.from({ length: 50 * FRAME }, (_, i) => (i % 54 < 27 ? 32_767 : -32_768));
    const heard = steady(decode(encode(square)));
    const turned = heard.filter((sample, i) => Math.sign(sample) !== Math.sign(square[10 * FRAME + i - DELAY] ?? 0));
    // At the edges, where the filters ring.
    expect(turned.length / heard.length).toBeLessThan(0.05);
    expect(Math.max(...heard)).toBe(32_767);
    expect(Math.min(...heard)).toBe(-32_768);
  });

  it('is continued by a copy of the encoder, bit by bit', () => {
    const sent = exercise(32_767);
    const encoder = new G722Encoder(FRAME);
    const codes = new Uint8Array(FRAME / 2);
    const expected = new Uint8Array(FRAME / 2);
    for (let at = 0; at < sent.length; at += FRAME) {
      const copy = new G722Encoder(FRAME);
      copy.copyFrom(encoder);
      encoder.encodeInto(sent.subarray(at, at + FRAME), expected);
      copy.encodeInto(sent.subarray(at, at + FRAME), codes);
      expect(codes).toEqual(expected);
    }
  });

  it('finds its way again after a frame was lost', () => {
    const codes = encode(tone(1000, 8000));
    const lost = decode(Uint8Array.of(...codes.subarray(0, 1600), ...codes.subarray(1760)));
    const whole = decode(codes);
    const difference = lost.subarray(25 * FRAME).map((sample, i) => sample - (whole[26 * FRAME + i] as number));
    expect(levelDbov(difference.subarray(0, 20 * FRAME))).toBeLessThan(-60);
  });
});
