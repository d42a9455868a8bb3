import { describe, expect, it } from 'vitest';
import { fillRandom, nextBelow, nextNormal, nextRatio, nextUint32, seededRandom } from '../../kit/random.ts';

function take<T>(count: number, next: () => T): T[] {
  return Array.from({ length: count }, next);
}

describe('random numbers', () => {
  it('are the same for the same seed and branch, and others for any other', () => {
    const first = (...seeds: [number, ...number[]]) => {
      const random = seededRandom(...seeds);
      return take(4, () => nextUint32(random)).join();
    };
    expect(first(7, 1, 0)).toBe(first(7, 1, 0));
    const seeds: [number, ...number[]][] = [[0], [1], [2 ** 31], [7], [7, 0], [7, 1], [7, 0, 1], [7, 1, 0], [7, 0, 0]];
    expect(new Set(seeds.map((one) => first(...one))).size).toBe(seeds.length);
  });

  it('fill their range evenly', () => {
    const random = seededRandom(1);
    const counts = new Array<number>(10).fill(0);
    for (const number of take(100_000, () => nextBelow(random, 10))) counts[number] = (counts[number] ?? 0) + 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    const ratios = take(10_000, () => nextRatio(random));
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...ratios)).toBeLessThan(1);
  });

  it('have mean 0 and deviation 1 when they are normal', () => {
    const random = seededRandom(2);
    const numbers = take(50_000, () => nextNormal(random));
    const mean = numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
    const variance = numbers.reduce((sum, one) => sum + (one - mean) ** 2, 0) / numbers.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    // 68-95-99.7
    expect(numbers.filter((one) => Math.abs(one) < 1).length / numbers.length).toBeCloseTo(0.683, 1.9);
  });

  it('fill bytes to the last', () => {
    const random = seededRandom(3);
    const sums = new Array<number>(7).fill(0);
    for (let i = 0; i < 1000; i++) {
      const bytes = new Uint8Array(7);
      fillRandom(random, bytes);
      for (const [at, byte] of bytes.entries()) sums[at] = (sums[at] ?? 0) + byte;
    }
    for (const sum of sums) expect(Math.abs(sum / 1000 - 127.5)).toBeLessThan(12);
  });
});
