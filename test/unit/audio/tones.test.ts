import { describe, expect, it } from 'vitest';
import { renderTones } from '../../../src/audio/tones.ts';

function levelDbov(samples: Float32Array): number {
  return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

describe('tones', () => {
  it('last as long as they should, with silence where it was asked for', () => {
    const steps = [
      { frequenciesHz: [660], durationMs: 80 },
      { frequenciesHz: [], durationMs: 50 },
      { frequenciesHz: [880], durationMs: 120 },
    ];
    const samples = renderTones(steps, 8000, -24);
    expect(samples).toHaveLength(2000);
    expect(samples.subarray(640, 1040).every((sample) => sample === 0)).toBe(true);
  });

  it('have the level asked for, with one frequency or two, at either rate', () => {
    for (const frequenciesHz of [[1000], [440, 480]]) {
      for (const rateHz of [8000, 16000]) {
        const samples = renderTones([{ frequenciesHz, durationMs: 1000 }], rateHz, -24);
        expect(Math.abs(levelDbov(samples) + 24)).toBeLessThan(0.2);
      }
    }
  });

  it('begin and end without a click', () => {
    const samples = renderTones([{ frequenciesHz: [1000], durationMs: 60 }], 8000, -24);
    const peak = Math.max(...samples);
    for (const sample of [...samples.subarray(0, 4), ...samples.subarray(-4)]) {
      expect(Math.abs(sample)).toBeLessThan(peak * 0.1);
    }
  });
});
