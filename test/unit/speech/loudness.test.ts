import { describe, expect, it } from 'vitest';
import { activeLevelDbov, normalise } from '../../../src/speech/loudness.ts';

const RATE_HZ = 8000;

function sine(levelDbov: number, seconds: number): number[] {
  const amplitude = Math.SQRT2 * 10 ** (levelDbov / 20);
  return Array.from({ length: RATE_HZ * seconds }, (_, i) => amplitude * Math.sin((2 * Math.PI * 500 * i) / RATE_HZ));
}

function pause(seconds: number): number[] {
  return Array(RATE_HZ * seconds).fill(0.0003);
}

describe('the active level', () => {
  it('is the level while there is sound, however long the pauses are', () => {
    expect(activeLevelDbov(Float32Array.from(sine(-30, 1)), RATE_HZ)).toBeCloseTo(-30, 1);
    const halting = Float32Array.from([...pause(2), ...sine(-30, 1), ...pause(3), ...sine(-30, 1)]);
    expect(activeLevelDbov(halting, RATE_HZ)).toBeCloseTo(-30, 1);
  });

  it('is none for silence', () => {
    expect(activeLevelDbov(new Float32Array(0), RATE_HZ)).toBeNull();
    expect(activeLevelDbov(new Float32Array(RATE_HZ), RATE_HZ)).toBeNull();
  });
});

describe('normalising', () => {
  it.each([-50, -20, -5])('brings sound of %i dBov to the level', (levelDbov) => {
    const samples = Float32Array.from([...sine(levelDbov, 1), ...pause(1)]);
    normalise(samples, RATE_HZ, -20);
    expect(activeLevelDbov(samples, RATE_HZ)).toBeCloseTo(-20, 1);
  });

  it('stays below full scale, where the level cannot be had without clipping', () => {
    const samples = Float32Array.from(sine(-40, 1));
    samples[100] = 0.9;
    normalise(samples, RATE_HZ, -10);
    expect(Math.max(...samples)).toBeCloseTo(0.9, 5);
  });

  it('leaves silence alone', () => {
    const samples = new Float32Array(100);
    expect(normalise(samples, RATE_HZ, -20)).toBe(false);
    expect(samples).toEqual(new Float32Array(100));
  });
});
