import { expect, it } from 'vitest';
import { nearest } from '../../../src/base/nearest.ts';

const KEYS = ['limits.speakers', 'limits.members', 'idleSeconds', 'flags'];

it.each([
  ['limits.speaker', 'limits.speakers'],
  ['limit.members', 'limits.members'],
  ['IdleSecond', 'idleSeconds'],
  ['flgas', 'flags'],
  ['colour', null],
  ['x', null],
])('%s may mean %s', (typed, meant) => {
  expect(nearest(typed, KEYS)).toBe(meant);
});
