import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeliveryQueue } from '../../../kit/impairment/delivery-queue.ts';
import { Schedule } from '../../../kit/impairment/schedule.ts';

describe('the delivery queue', () => {
  it('gives items by time, those of one time in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (times) => {
        const queue = new DeliveryQueue<readonly [number, number]>({ limit: 200 });
        for (const [n, time] of times.entries()) expect(queue.push(time, [time, n])).toBe(true);
        const sorted = times.map((time, n) => [time, n] as const).sort(([a, n], [b, m]) => a - b || n - m);
        expect(queue.nextDueMs).toBe(sorted[0]?.[0] ?? Number.POSITIVE_INFINITY);
        expect(sorted.map(() => queue.takeDue(20))).toEqual(sorted);
        expect(queue.takeDue(20)).toBe(null);
      }),
    );
  });

  it('keeps what is not due, and takes no more than its limit', () => {
    const queue = new DeliveryQueue<string>({ limit: 2 });
    expect([queue.push(5, 'five'), queue.push(3, 'three'), queue.push(1, 'one')]).toEqual([true, true, false]);
    expect([queue.takeDue(2), queue.takeDue(3), queue.takeDue(4), queue.size]).toEqual([null, 'three', null, 1]);
  });
});

describe('the schedule', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('does everything at its time, with one timer', () => {
    const schedule = new Schedule({ nowMs: () => performance.now() });
    const startMs = performance.now();
    const done: [name: number, atMs: number][] = [];
    for (const dueMs of [30, 10, 20, 0, 10]) {
      schedule.add(startMs + dueMs, { run: () => done.push([dueMs, performance.now() - startMs]) });
    }
    expect(done).toEqual([[0, 0]]);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    expect(done.map(([dueMs]) => dueMs)).toEqual([0, 10, 10, 20, 30]);
    for (const [dueMs, atMs] of done) {
      expect(atMs).toBeGreaterThanOrEqual(dueMs);
      expect(atMs).toBeLessThanOrEqual(dueMs + 2);
    }
    expect(vi.getTimerCount()).toBe(0);
    expect(schedule.stats()).toMatchObject({ done: 5, waiting: 0, overflowed: 0 });
  });

  it('does nothing any more after it was stopped', () => {
    const schedule = new Schedule({ nowMs: () => performance.now() });
    const run = vi.fn();
    schedule.add(performance.now() + 5, { run });
    schedule.stop();
    vi.advanceTimersByTime(100);
    expect(run).not.toHaveBeenCalled();
  });
});
