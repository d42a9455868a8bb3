import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacing } from '../../../src/rtp/pacing.ts';

const begin = () => {
  const pacing = new Pacing(0);
  expect(pacing.arrived(0, 20)).toBe(true);
  return pacing;
};

it('a frame that a busy machine sends late is played late, and those after it as well', () => {
  const pacing = begin();
  expect(pacing.overdue(90)).toBe(false);
  for (const frame of [1, 2, 3]) expect(pacing.arrived(160 * frame, 95)).toBe(true);
});

it('where nothing comes any more, frames are made up, as many as there should be', () => {
  const pacing = begin();
  let made = 0;
  for (let nowMs = 25; nowMs <= 1100; nowMs += 5) while (pacing.overdue(nowMs)) made++;
  expect(made).toBe(53);
});

it('a frame in whose place one was made up is left out, unless the sender goes on with another clock', () => {
  const pacing = begin();
  while (pacing.overdue(100));
  expect(pacing.arrived(160, 101)).toBe(false);
  expect(pacing.arrived(3 * 160, 102)).toBe(false);
  expect(pacing.arrived(4 * 160, 103)).toBe(true);
  expect(pacing.arrived(5_000_000, 140)).toBe(true);
  expect(pacing.arrived(5_000_160, 160)).toBe(true);
});

describe('pacing', () => {
  it('takes a jump of the timestamp as a new beginning', () => {
    const pacing = new Pacing(0);
    pacing.arrived(0xffff_ff60, 0);
    expect(pacing.arrived(0, 20)).toBe(true);
    expect(pacing.arrived(0x7000_0000, 40)).toBe(true);
    expect(pacing.arrived(0x1000_0000, 60)).toBe(true);
  });

  it('does not make up for a standstill of the process', () => {
    const pacing = new Pacing(0);
    pacing.arrived(0, 0);
    let made = 0;
    while (pacing.overdue(60_000)) made += 1;
    expect(made).toBeLessThan(5);
  });

  it('keeps the rate of a sender whatever its jitter', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 100, maxLength: 200 }), (jitter) => {
        const pacing = new Pacing(0);
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
        expect(Math.abs(frames - jitter.length)).toBeLessThanOrEqual(4);
      }),
      { numRuns: 50 },
    );
  });
});
