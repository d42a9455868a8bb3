import { expect, it } from 'vitest';
import { time } from '../../../../src/cli/text/conference-text.ts';

it('a time has its date where that is another day', () => {
  const at = new Date(2026, 0, 5, 23, 59, 30).toISOString();
  expect(time(at, new Date(2026, 0, 5))).toBe('23:59:30');
  expect(time(at, new Date(2026, 0, 6, 0, 1))).toBe('2026-01-05 23:59');
});
