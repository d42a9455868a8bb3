import { describe, expect, it } from 'vitest';
import { keysIn, scrolled } from '../../../../src/cli/terminal/scroll-keys.ts';

describe('keys', () => {
  it.each([
    ['\x1b[A\x1bOB', ['up', 'down']],
    ['\x1b[5~\x1b[6~ b', ['page-up', 'page-down', 'page-down', 'page-up']],
    ['\x1b[H\x1b[F\x1bOH\x1bOF\x1b[1~\x1b[4~', ['home', 'end', 'home', 'end', 'home', 'end']],
    ['jkgG', ['down', 'up', 'home', 'end']],
    ['q', ['quit']],
    ['\x03', ['quit']],
    ['\x1a', ['suspend']],
  ])('are found in %j', (text, keys) => {
    expect(keysIn(text)).toEqual(keys);
  });

  it.each(['x', 'Zoë', '\x1b', '\x1b[', '\x1b[15~', '\x1b[1;5C', '\x1bq', '\x1b[200~', '\x1bOP', '😀'])(
    'are not found in %j, whose letters mean nothing either',
    (text) => {
      expect(keysIn(text)).toEqual([]);
    },
  );

  it('are found behind what means nothing', () => {
    expect(keysIn('\x1b[15~x\x1b[B')).toEqual(['down']);
  });
});

describe('a list that is scrolled', () => {
  const at = (offset: number) => ({ offset, shown: 10, total: 25 });

  it.each([
    ['down', 0, 1],
    ['down', 15, 15],
    ['up', 15, 14],
    ['up', 0, 0],
    ['page-down', 0, 10],
    ['page-down', 10, 15],
    ['page-up', 15, 5],
    ['page-up', 5, 0],
    ['home', 15, 0],
    ['end', 0, 15],
  ] as const)('goes %s from %i to %i', (key, from, to) => {
    expect(scrolled(at(from), key)).toBe(to);
  });

  it('stays where it is if all of it is shown, and goes back if it has become shorter', () => {
    expect(scrolled({ offset: 0, shown: 3, total: 3 }, 'down')).toBe(0);
    expect(scrolled({ offset: 20, shown: 10, total: 12 }, 'down')).toBe(2);
  });
});
