import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resampledLength, resampleFilter, resampleInto } from '../../../src/audio/resample.ts';

const RATES = [
  [22050, 8000],
  [22050, 16000],
  [16000, 8000],
  [8000, 16000],
  [44100, 8000],
] as const;

function sine(frequencyHz: number, sampleRateHz: number, seconds = 0.5): Float32Array {
  const samples = new Float32Array(sampleRateHz * seconds);
  return samples.map((_, i) => 0.5 * Math.sin((2 * Math.PI * frequencyHz * i) / sampleRateHz));
}

/** Resamples a whole sound at once. */
function resample(input: Float32Array, fromHz: number, toHz: number): Float32Array {
  const filter = resampleFilter(fromHz, toHz);
  const out = new Float32Array(resampledLength(filter, input.length));
  resampleInto(out, input, filter, 0, out.length);
  return out;
}

/** Without the ends, where the input begins and stops suddenly. */
function middle(samples: Float32Array): Float32Array {
  return samples.subarray(samples.length >> 2, (samples.length * 3) >> 2);
}

function levelDb(samples: Float32Array): number {
  return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

/** Of the difference from what the tone would be at that rate. */
function errorDb(samples: Float32Array, frequencyHz: number, sampleRateHz: number): number {
  const ideal = sine(frequencyHz, sampleRateHz);
  return levelDb(middle(samples.map((sample, i) => sample - (ideal[i] ?? 0))));
}

describe.each(RATES)('resampling from %i to %i Hz', (fromHz, toHz) => {
  const nyquistHz = Math.min(fromHz, toHz) / 2;

  it('keeps tones of the band at their level, frequency and time', () => {
    for (const share of [0.01, 0.1, 0.25, 0.5, 0.75, 0.84]) {
      const frequencyHz = nyquistHz * share;
      const out = resample(sine(frequencyHz, fromHz), fromHz, toHz);
      expect(levelDb(middle(out))).toBeCloseTo(levelDb(middle(sine(frequencyHz, fromHz))), 1);
      expect(errorDb(out, frequencyHz, toHz)).toBeLessThan(-60);
    }
  });

  it('lets nothing through that would be heard as another tone', () => {
    if (fromHz < toHz) return;
    for (const share of [1.001, 1.1, 1.5, 1.9, 2.5]) {
      const frequencyHz = nyquistHz * share;
      if (frequencyHz >= fromHz / 2) continue;
      expect(levelDb(middle(resample(sine(frequencyHz, fromHz), fromHz, toHz)))).toBeLessThan(-9 - 65);
    }
  });

  it('keeps a constant, silence and the duration', () => {
    const constant = middle(resample(new Float32Array(fromHz).fill(0.25), fromHz, toHz));
    for (const sample of constant) expect(sample).toBeCloseTo(0.25, 5);
    const silence = resample(new Float32Array(fromHz), fromHz, toHz);
    expect(silence).toEqual(new Float32Array(toHz));
  });
});

describe('resampling', () => {
  it('up adds no images of a tone', () => {
    const out = resample(sine(1000, 8000), 8000, 16000);
    const error = out.map((sample, i) => sample - 0.5 * Math.sin((2 * Math.PI * 1000 * i) / 16000));
    expect(levelDb(middle(error))).toBeLessThan(-70);
  });

  it('gives the same in parts as at once', () => {
    const input = sine(440, 22050, 0.1);
    const whole = resample(input, 22050, 8000);
    const filter = resampleFilter(22050, 8000);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (cut) => {
        const out = new Float32Array(resampledLength(filter, input.length));
        resampleInto(out, input, filter, cut, out.length);
        resampleInto(out, input, filter, 0, cut);
        expect(out).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('takes sounds shorter than the filter, and none at all', () => {
    expect(resample(new Float32Array(0), 22050, 8000)).toEqual(new Float32Array(0));
    expect(resample(new Float32Array([1]), 22050, 8000)).toHaveLength(1);
  });

  it('to the same rate changes nothing that is heard', () => {
    expect(errorDb(resample(sine(1000, 8000), 8000, 8000), 1000, 8000)).toBeLessThan(-60);
  });
});
