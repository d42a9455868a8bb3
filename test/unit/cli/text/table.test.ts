import { describe, expect, it } from 'vitest';
import { table } from '../../../../src/cli/text/table.ts';
import { widthOf } from '../../../../src/cli/text/text-width.ts';

describe('a table', () => {
  it('has columns of equal width, with numbers to the right', () => {
    const text = table(
      ['NAME', 'N'],
      [
        ['a', 5],
        ['long name', 123],
      ],
    );
    expect(text).toBe('NAME         N\na            5\nlong name  123');
  });

  it('has its widest columns of text cut until it fits', () => {
    const text = table(['ID', 'NAME', 'NUMBER'], [[1, 'Wilhelmina von Habsburg', '+491701234567']], 30);
    expect(text).toBe('ID  NAME          NUMBER\n 1  Wilhelmina…   +4917012345…');
  });

  it('does not cut numbers while there is text to cut', () => {
    const text = table(['NUMBERS', 'TEXT'], [[123456789, 'something long']], 17);
    expect(text).toBe('  NUMBERS  TEXT\n123456789  somet…');
  });

  it('is whole where there is no limit', () => {
    const long = 'x'.repeat(500);
    expect(table(['A'], [[long]])).toBe(`A\n${long}`);
  });

  it('reckons with characters that take two columns, or none', () => {
    const lines = table(
      ['NAME', 'X'],
      [
        ['田中さん', 'x'],
        ['e\u0301e\u0301', 'x'],
      ],
    ).split('\n');
    expect(lines.map(widthOf)).toEqual([11, 11, 11]);
  });

  it('shows control characters of callers as question marks', () => {
    expect(table(['NAME'], [['\u001b[2Jx\ny\u202e']])).toBe('NAME\n?[2Jx?y?');
  });

  it.each([5, 20, 30, 40, 60])('is at most %i columns wide', (width) => {
    const rows = [
      ['a'.repeat(30), 'b'.repeat(15), 7],
      ['c', 'dd', 70],
    ];
    const lines = table(['FIRST', 'SECOND', 'N'], rows, width).split('\n');
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });
});
