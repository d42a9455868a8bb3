import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ticker } from '../../kit/phone/ticker.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function counter() {
  return {
    ticks: 0,
    tick() {
      this.ticks++;
    },
  };
}

describe('the ticker', () => {
  it('ticks every member once per ptime, in phases', () => {
    const ticker = new Ticker({ ptimeMs: 20 });
    const members = Array.from({ length: 20 }, counter);
    const removals = members.map((member) => ticker.add(member));
    vi.advanceTimersByTime(9);
    const early = members.filter(({ ticks }) => ticks === 1).length;
    expect(early).toBeGreaterThanOrEqual(8);
    expect(early).toBeLessThanOrEqual(12);
    vi.advanceTimersByTime(990);
    for (const { ticks } of members) expect(ticks).toBe(50);
    for (const remove of removals) remove();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('makes up for late turns and counts them', () => {
    const ticker = new Ticker({ ptimeMs: 20 });
    const member = counter();
    ticker.add(member);
    vi.advanceTimersByTime(1);
    // The process stands still for 205 ms: time passes and no timer fires.
    vi.setSystemTime(Date.now() + 205);
    const before = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => before + 205);
    vi.advanceTimersByTime(5);
    expect(member.ticks).toBe(11);
    expect(ticker.stats().lateTurns).toBeGreaterThan(80);
    expect(ticker.stats().worstLateMs).toBeGreaterThan(200);
    vi.restoreAllMocks();
  });

  it('leaves out what is too long ago', () => {
    const ticker = new Ticker({ ptimeMs: 20 });
    const member = counter();
    ticker.add(member);
    vi.advanceTimersByTime(1);
    const before = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => before + 10_000);
    vi.advanceTimersByTime(5);
    expect(member.ticks).toBeLessThanOrEqual(52);
    expect(ticker.stats().skippedTurns).toBeGreaterThan(4000);
    vi.restoreAllMocks();
  });
});
