import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyGainInto, GAIN_STEPS_MAX, GAIN_STEPS_MIN } from '../../../src/audio/gain.ts';

const STEPS = Array.from({ length: GAIN_STEPS_MAX - GAIN_STEPS_MIN + 1 }, (_, i) => GAIN_STEPS_MIN + i);

function gained(samples: Int16Array, steps: number): Int16Array {
  const out = new Int16Array(samples.length);
  applyGainInto(out, samples, steps);
  return out;
}

describe('gain', () => {
  it.each(STEPS)('of %d steps is three times as many dB', (steps) => {
    const [out = 0] = gained(Int16Array.of(8000), steps);
    expect(20 * Math.log10(out / 8000)).toBeCloseTo(3 * steps, 2);
  });

  it('of zero steps changes nothing', () => {
    fc.assert(
      fc.property(fc.int16Array(), (samples) => {
        expect(gained(samples, 0)).toEqual(samples);
      }),
    );
  });

  it('never wraps: what is too loud is cut off', () => {
    fc.assert(
      fc.property(fc.int16Array(), fc.constantFrom(...STEPS), (samples, steps) => {
        const out = gained(samples, steps);
        const factor = 10 ** ((3 * steps) / 20);
        for (const [i, sample] of samples.entries()) {
          const ideal = Math.min(32_767, Math.max(-32_768, sample * factor));
          // Half a sample of rounding, and what the factor itself was rounded by.
          expect(Math.abs((out[i] ?? 0) - ideal)).toBeLessThanOrEqual(0.5 + Math.abs(sample) / 8192);
        }
      }),
    );
  });

  it('works in place', () => {
    const samples = Int16Array.of(100, -100, 32_767);
    applyGainInto(samples, samples, 4);
    expect([...samples]).toEqual([398, -398, 32_767]);
  });

  it('beyond the last step is that of the last step', () => {
    expect(gained(Int16Array.of(100), 9)).toEqual(gained(Int16Array.of(100), 4));
    expect(gained(Int16Array.of(100), -9)).toEqual(gained(Int16Array.of(100), -4));
  });
});
