import { afterEach, expect, it, vi } from 'vitest';
import { steadyNow } from '../../../src/timing/steady-now.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('is the time of day, in whole milliseconds', () => {
  const now = steadyNow();
  expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
  expect(Number.isInteger(now)).toBe(true);
});

it.each([-3_600_000, 3_600_000])('goes on where the wall clock is set by %d ms', (byMs) => {
  const before = steadyNow();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs });
  const after = steadyNow();
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after - before).toBeLessThan(10_000);
});
