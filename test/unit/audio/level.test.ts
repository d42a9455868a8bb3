import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelDbov, levelFromByte, levelToByte, meanAmplitude, SILENCE_DBOV } from '../../../src/audio/level.ts';

function sine(amplitude: number): Int16Array {
  return Int16Array.from({ length: 160 }, (_, i) => amplitude * Math.sin((2 * Math.PI * i) / 16));
}

describe('the level of a frame', () => {
  it('is 0 dBov for a full-scale square wave and 3 dB less for a sine', () => {
    const square = Int16Array.from({ length: 160 }, (_, i) => (i % 8 < 4 ? 32_767 : -32_768));
    expect(levelDbov(square)).toBeCloseTo(0, 3);
    expect(levelDbov(sine(32_767))).toBeCloseTo(-3.01, 2);
    expect(levelDbov(sine(3276.7))).toBeCloseTo(-23.01, 1);
  });

  it('is -127 dBov for digital silence and for no samples', () => {
    expect(levelDbov(new Int16Array(160))).toBe(SILENCE_DBOV);
    expect(levelDbov(new Int16Array(0))).toBe(SILENCE_DBOV);
  });

  it('is also its mean amplitude', () => {
    expect(meanAmplitude(Int16Array.of(300, -300, 100, -100))).toBe(200);
    expect(meanAmplitude(new Int16Array(0))).toBe(0);
  });

  it('is sent as 7 bits, rounded', () => {
    expect([0, -12.4, -12.6, -127, -200, 3].map(levelToByte)).toEqual([0, 12, 13, 127, 127, 0]);
    for (let byte = 0; byte < 128; byte += 1) expect(levelToByte(levelFromByte(byte))).toBe(byte);
    expect(levelFromByte(0x80 | 30)).toBe(-30);
  });

  it('is between -127 and 0 whatever the samples are', () => {
    fc.assert(
      fc.property(fc.int16Array({ maxLength: 320 }), (samples) => {
        const level = levelDbov(samples);
        expect(level).toBeGreaterThanOrEqual(SILENCE_DBOV);
        expect(level).toBeLessThanOrEqual(0);
      }),
    );
  });
});
