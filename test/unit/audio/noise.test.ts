import { describe, expect, it } from 'vitest';
import { renderNoise } from '../../../src/audio/comfort-noise.ts';

const rmsDbov = (samples: Float32Array) =>
  10 * Math.log10(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);

describe('comfort noise', () => {
  it.each([-70, -65, -40])('has the level that is asked for: %d dBov', (levelDbov) => {
    expect(rmsDbov(renderNoise(2000, 8000, levelDbov))).toBeCloseTo(levelDbov, 1);
  });

  it('is as loud at any time, and repeats itself nowhere within', () => {
    const noise = renderNoise(4000, 8000, -50);
    for (let start = 0; start < noise.length; start += 4000) {
      expect(rmsDbov(noise.subarray(start, start + 4000))).toBeCloseTo(-50, -0.5);
    }
    expect(noise.subarray(0, 8000)).not.toEqual(noise.subarray(8000, 16_000));
  });

  it('goes over into its own beginning without a step', () => {
    const noise = renderNoise(1000, 8000, -50);
    const steps = Array.from(noise, (value, i) => Math.abs(value - (noise[(i + 1) % noise.length] ?? 0)));
    expect(steps.at(-1)).toBeLessThanOrEqual(Math.max(...steps.slice(0, -1)));
  });

  it('is softer in the upper half of the band', () => {
    const noise = renderNoise(2000, 8000, -50);
    const high = noise.map((value, i) => value - (noise[i - 1] ?? 0));
    // White noise gains 3 dB by taking differences.
    expect(rmsDbov(high)).toBeLessThan(-51);
  });
});
