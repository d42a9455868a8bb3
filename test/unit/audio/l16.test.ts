import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeL16Into, encodeL16Into } from '../../../src/audio/l16.ts';

describe('L16', () => {
  it('is two bytes a sample, the upper one first', () => {
    const out = new Uint8Array(6);
    encodeL16Into(Int16Array.of(1, -2, 0x1234), out);
    expect([...out]).toEqual([0x00, 0x01, 0xff, 0xfe, 0x12, 0x34]);
  });

  it('gives back every sample, from odd offsets of a packet too', () => {
    fc.assert(
      fc.property(fc.int16Array(), fc.nat(3), (samples, offset) => {
        const bytes = new Uint8Array(offset + 2 * samples.length).subarray(offset);
        encodeL16Into(samples, bytes);
        const out = new Int16Array(samples.length);
        decodeL16Into(bytes, out);
        expect(out).toEqual(samples);
      }),
    );
  });

  it('ignores half a sample at the end', () => {
    const out = Int16Array.of(7, 7);
    decodeL16Into(Uint8Array.of(0, 1, 2), out);
    expect([...out]).toEqual([1, 7]);
  });
});
