import { expect, it } from 'vitest';
import { didYouMeanOneOf, nearest } from '../../../src/base/nearest.ts';

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

it('a sentence asks whether the word was meant, or names all words', () => {
  expect(didYouMeanOneOf('flgas', KEYS)).toBe('; did you mean "flags"?');
  expect(didYouMeanOneOf('colour', ['red', 'blue'])).toBe('; there are red, blue');
});
