import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacing } from '../../../src/rtp/pacing.ts';

const FRAME = { frameMs: 20, frameSamples: 160 };

/** So many frames are made up when asked until this time, every 5 ms. */
function madeUp(pacing: Pacing, fromMs: number, toMs: number): number {
  let count = 0;
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 5) while (pacing.overdue(nowMs)) count += 1;
  return count;
}

describe('pacing', () => {
  it('plays frames as they come, and makes none up while they do', () => {
    const pacing = new Pacing(FRAME, 0);
    for (let i = 0; i < 100; i += 1) {
      const nowMs = i * 20 + (i % 3) * 4;
      expect(pacing.arrived(i * 160, nowMs)).toBe(true);
      expect(pacing.overdue(nowMs + 15)).toBe(false);
    }
  });

  it('makes up 50 frames a second while none comes', () => {
    const pacing = new Pacing(FRAME, 0);
    expect(madeUp(pacing, 0, 1030)).toBe(50);
  });

  it('drops a frame that comes after another was made up in its place, and plays the next', () => {
    const pacing = new Pacing(FRAME, 0);
    pacing.arrived(0, 0);
    expect(madeUp(pacing, 5, 37)).toBe(1);
    expect(pacing.arrived(160, 38)).toBe(false);
    expect(pacing.arrived(320, 41)).toBe(true);
  });

  it('begins anew with a sender whose clock has stood still meanwhile', () => {
    const pacing = new Pacing(FRAME, 0);
    pacing.arrived(0, 0);
    madeUp(pacing, 5, 400);
    const played = Array.from({ length: 10 }, (_, i) => pacing.arrived(160 + i * 160, 405 + i * 20));
    expect(played.slice(5)).toEqual([true, true, true, true, true]);
    expect(played.filter((each) => !each).length).toBe(5);
  });

  it('takes a jump of the timestamp as a new beginning', () => {
    const pacing = new Pacing(FRAME, 0);
    pacing.arrived(0xffff_ff60, 0);
    expect(pacing.arrived(0, 20)).toBe(true);
    expect(pacing.arrived(0x7000_0000, 40)).toBe(true);
    expect(pacing.arrived(0x1000_0000, 60)).toBe(true);
  });

  it('does not make up for a standstill of the process', () => {
    const pacing = new Pacing(FRAME, 0);
    pacing.arrived(0, 0);
    expect(madeUp(pacing, 60_000, 60_000)).toBeLessThan(5);
  });

  it('keeps the rate of a sender whatever its jitter', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 100, maxLength: 200 }), (jitter) => {
        const pacing = new Pacing(FRAME, 0);
        const arrivals = jitter.map((late, i) => i * 20 + late).sort((a, b) => a - b);
        let frames = 0;
        let next = 0;
        for (let nowMs = 0; nowMs < jitter.length * 20; nowMs += 1) {
          while (next < arrivals.length && (arrivals[next] ?? 0) <= nowMs) {
            if (pacing.arrived(next * 160, nowMs)) frames += 1;
            next += 1;
          }
          if (nowMs % 5 === 0) while (pacing.overdue(nowMs)) frames += 1;
        }
        expect(Math.abs(frames - jitter.length)).toBeLessThanOrEqual(3);
      }),
      { numRuns: 50 },
    );
  });
});
