import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Vad } from '../../../src/audio/vad.ts';

const OPTIONS = { thresholdDbov: -45, holdMs: 200 };

function framesOf(vad: Vad, levels: readonly number[]): boolean[] {
  return levels.map((level) => vad.push(level));
}

const times = (count: number, level: number) => Array<number>(count).fill(level);

describe('voice activity', () => {
  it('begins with the first loud frame, or the second one near the threshold', () => {
    expect(framesOf(new Vad(OPTIONS), [-70, -30])).toEqual([false, true]);
    expect(framesOf(new Vad(OPTIONS), [-70, -43, -43])).toEqual([false, false, true]);
  });

  it('is not begun by a soft click of one frame', () => {
    expect(framesOf(new Vad(OPTIONS), [-70, -43, -70, -43, -70])).not.toContain(true);
  });

  it('lasts for the hold time after the last loud frame, and soft frames within prolong it', () => {
    expect(framesOf(new Vad(OPTIONS), [-30, ...times(12, -70)]).lastIndexOf(true)).toBe(10);
    expect(framesOf(new Vad(OPTIONS), [-30, ...times(5, -70), -44, ...times(12, -70)]).lastIndexOf(true)).toBe(16);
  });

  it('tells the level of the noise between words', () => {
    const vad = new Vad(OPTIONS);
    expect(vad.noiseDbov).toBe(-127);
    framesOf(vad, [...times(20, -30), ...times(50, -62), ...times(10, -30)]);
    expect(vad.noiseDbov).toBeCloseTo(-62, 0);
    framesOf(vad, times(50, -70));
    expect(vad.noiseDbov).toBeCloseTo(-70, 0);
  });

  it('does not adapt unless told to', () => {
    const vad = new Vad(OPTIONS);
    expect(framesOf(vad, times(3000, -40)).slice(1)).not.toContain(false);
    expect(vad.thresholdDbov).toBe(-45);
  });

  it('that adapts takes a steady noise for noise after some seconds, and speech above it for speech', () => {
    const vad = new Vad({ ...OPTIONS, adaptive: true });
    const noisy = framesOf(vad, [...times(50, -60), ...times(1000, -40)]);
    expect(noisy.slice(52, 100)).not.toContain(false);
    expect(noisy.slice(-300)).not.toContain(true);
    expect(vad.noiseDbov).toBeCloseTo(-40, 0);
    expect(framesOf(vad, [-20])).toEqual([true]);
  });

  it('that adapts still hears long speech with its pauses', () => {
    const vad = new Vad({ ...OPTIONS, adaptive: true });
    const sentence = [...times(75, -25), ...times(8, -60)];
    const heard = framesOf(vad, Array.from({ length: 20 }, () => sentence).flat());
    expect(heard).not.toContain(false);
  });

  it('that adapts takes nothing loud for noise, such as music', () => {
    const vad = new Vad({ ...OPTIONS, adaptive: true });
    expect(framesOf(vad, times(6000, -24))).not.toContain(false);
    expect(vad.noiseDbov).toBeLessThan(-35);
  });

  it('never tells a noise that is louder than all that was heard', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -127, max: 0 }), { minLength: 1 }), fc.boolean(), (levels, adaptive) => {
        const vad = new Vad({ ...OPTIONS, adaptive });
        framesOf(vad, levels);
        expect(vad.noiseDbov).toBeLessThanOrEqual(Math.max(...levels));
        expect(vad.noiseDbov).toBeGreaterThanOrEqual(-127);
        expect(vad.thresholdDbov).toBeGreaterThanOrEqual(-45);
      }),
    );
  });
});
