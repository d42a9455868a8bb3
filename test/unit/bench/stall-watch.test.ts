import { describe, expect, it } from 'vitest';
import { latenessWithoutStalls, mergeStalls, sumUpStalls } from '../../bench/stall-watch.ts';

describe('a late packet', () => {
  const delay = { dueMs: 1000, atMs: 1200 };

  it('is late by all of it when nothing stood still', () => {
    expect(
      latenessWithoutStalls(delay, [
        { fromMs: 500, toMs: 1000 },
        { fromMs: 1200, toMs: 1300 },
      ]),
    ).toBe(200);
  });

  it('is excused for the time of a stall, as far as it lies in the delay', () => {
    expect(latenessWithoutStalls(delay, [{ fromMs: 900, toMs: 1150 }])).toBe(50);
    expect(latenessWithoutStalls(delay, [{ fromMs: 900, toMs: 1300 }])).toBe(0);
    expect(
      latenessWithoutStalls(delay, [
        { fromMs: 1010, toMs: 1020 },
        { fromMs: 1100, toMs: 1130 },
      ]),
    ).toBe(160);
  });
});

describe('stalls that two processes saw', () => {
  it('count once where they overlap', () => {
    const stalls = [
      { fromMs: 100, toMs: 120 },
      { fromMs: 0, toMs: 50 },
      { fromMs: 30, toMs: 80 },
      { fromMs: 10, toMs: 20 },
    ];
    expect(mergeStalls(stalls)).toEqual([
      { fromMs: 0, toMs: 80 },
      { fromMs: 100, toMs: 120 },
    ]);
  });

  it('are summed up', () => {
    expect(
      sumUpStalls([
        { fromMs: 0, toMs: 80 },
        { fromMs: 100, toMs: 120 },
      ]),
    ).toEqual({ totalMs: 100, worstMs: 80 });
    expect(sumUpStalls([])).toEqual({ totalMs: 0, worstMs: 0 });
  });
});
