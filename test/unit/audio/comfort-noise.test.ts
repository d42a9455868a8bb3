import { describe, expect, it } from 'vitest';
import { ComfortNoise } from '../../../src/audio/comfort-noise.ts';
import { levelDbov } from '../../../src/audio/level.ts';

function fill(noise: ComfortNoise, levels: readonly number[], samplesPerFrame: number): Int16Array {
  const out = new Int16Array(levels.length * samplesPerFrame);
  for (const [i, level] of levels.entries()) {
    const frame = out.subarray(i * samplesPerFrame, (i + 1) * samplesPerFrame);
    noise.addInto(frame, frame, level);
  }
  return out;
}

const times = (count: number, level: number) => Array<number>(count).fill(level);

describe('comfort noise in frames', () => {
  it.each([
    [8000, -40],
    [8000, -65],
    [16_000, -65],
    [16_000, -75],
  ])('at %d Hz has the level %d dBov', (rateHz, level) => {
    const out = fill(new ComfortNoise(rateHz), times(101, level), rateHz / 50);
    expect(levelDbov(out.subarray(rateHz / 50))).toBeCloseTo(level, 0);
  });

  it('goes on without a seam from frame to frame, for longer than it repeats', () => {
    const out = fill(new ComfortNoise(8000), times(450, -40), 160);
    const steps = Array.from(out.subarray(161), (sample, i) => Math.abs(sample - (out[i + 160] ?? 0)));
    const withinFrames = steps.filter((_, i) => i % 160 !== 159);
    expect(Math.max(...steps)).toBe(Math.max(...withinFrames));
    // After one period of 4 s it is the same, and not before.
    expect(out.subarray(160, 1600)).toEqual(out.subarray(160 + 32_000, 1600 + 32_000));
    expect(out.subarray(160, 1600)).not.toEqual(out.subarray(160 + 16_000, 1600 + 16_000));
  });

  it('changes its level smoothly, from and to silence too', () => {
    const out = fill(new ComfortNoise(8000), [-127, -40, -40, -70, -127, -127], 160);
    const frame = (i: number) => out.subarray(i * 160, (i + 1) * 160);
    expect(new Set(frame(0))).toEqual(new Set([0]));
    expect(levelDbov(frame(1).subarray(0, 16))).toBeLessThan(-55);
    expect(levelDbov(frame(2))).toBeCloseTo(-40, -1);
    expect(levelDbov(frame(3).subarray(0, 16))).toBeGreaterThan(-50);
    expect(new Set(frame(5))).toEqual(new Set([0]));
  });

  it('is never louder than -30 dBov', () => {
    expect(levelDbov(fill(new ComfortNoise(8000), times(100, 0), 160))).toBeLessThan(-29);
  });

  it('is added to what is there, which never wraps', () => {
    const loud = new Int16Array(160).fill(32_767);
    const out = new Int16Array(160);
    const noise = new ComfortNoise(8000);
    noise.addInto(out, loud, -30);
    noise.addInto(out, loud, -30);
    expect(Math.min(...out)).toBeGreaterThan(28_000);
    expect(Math.max(...out)).toBe(32_767);
  });
});
