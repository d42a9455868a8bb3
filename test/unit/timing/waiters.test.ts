import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Waiters } from '../../../src/timing/waiters.ts';
import { withTimeout } from '../../../src/timing/with-timeout.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<string>(() => {});
const tooLate = () => {
  throw new Error('too late');
};

it('a wait ends with the news about its id', async () => {
  const waiters = new Waiters<string>();
  const waiting = waiters.wait('a', 1000, tooLate);
  expect(waiters.settle('b', 'of another')).toBe(false);
  expect(waiters.settle('a', 'news')).toBe(true);
  expect(waiters.settle('a', 'news again')).toBe(false);
  expect(await waiting).toBe('news');
  expect(waiters.ids).toEqual([]);
});

it('a wait ends after its time, with a value or with an error', async () => {
  const waiters = new Waiters<string>();
  const value = waiters.wait('a', 1000, () => 'nothing came');
  const error = waiters.wait('b', 1000, tooLate).catch(({ message }: Error) => message);
  await vi.advanceTimersByTimeAsync(999);
  expect(waiters.ids).toEqual(['a', 'b']);
  await vi.advanceTimersByTimeAsync(1);
  expect([await value, await error]).toEqual(['nothing came', 'too late']);
});

it('waits for the same id are one', async () => {
  const waiters = new Waiters<string>();
  const both = [waiters.wait('a', 1000, tooLate), waiters.wait('a', 2000, tooLate)];
  waiters.settle('a', 'news');
  expect(await Promise.all(both)).toEqual(['news', 'news']);
});

it('a wait that is in vain ends with the reason', async () => {
  const waiters = new Waiters<string>();
  const waiting = waiters.wait('a', 1000, tooLate);
  waiters.fail('a', new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
});

it('work that takes too long is not waited for', async () => {
  const late = withTimeout(never, 1000, () => 'late');
  const failed = withTimeout(never, 1000, tooLate).catch(({ message }: Error) => message);
  await vi.advanceTimersByTimeAsync(1000);
  expect([await late, await failed]).toEqual(['late', 'too late']);
  expect(await withTimeout(Promise.resolve('done'), 1000, tooLate)).toBe('done');
  expect(vi.getTimerCount()).toBe(0);
});
