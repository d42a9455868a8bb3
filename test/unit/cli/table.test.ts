import { expect, it } from 'vitest';
import { table } from '../../../src/cli/table.ts';

it('a table has columns of equal width, with numbers to the right', () => {
  const text = table(
    ['NAME', 'N'],
    [
      ['a', 5],
      ['long name', 123],
    ],
  );
  expect(text).toBe('NAME         N\na            5\nlong name  123');
});
