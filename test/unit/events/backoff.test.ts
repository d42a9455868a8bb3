import { expect, it } from 'vitest';
import { backoffMs } from '../../../src/events/backoff.ts';

it('waits from 0.1 s up to 2.5 s, doubling', () => {
  expect([0, 1, 2, 5, 6, 1e6].map((failures) => backoffMs(failures, 0))).toEqual([100, 200, 400, 2500, 2500, 2500]);
});

it('chance takes up to half of it', () => {
  expect(backoffMs(0, 0.5)).toBe(75);
  expect(backoffMs(9, 1)).toBe(1250);
});
