import { describe, expect, it } from 'vitest';
import { jsonText } from '../../../src/base/json-text.ts';

describe('JSON that is printed', () => {
  const names = [
    '\u001b[2J',
    '\u009b2J',
    '\u202eevil',
    'two\nlines',
    '\u{e0041}tag',
    'a\u2028b',
    'José 会議 👩‍👧',
    '"\\',
  ];

  it.each([undefined, 2])('is read as the same value, with an indent of %s', (indent) => {
    const value = { names, nested: [{ seconds: 1.5, none: null }] };
    expect(JSON.parse(jsonText(value, indent))).toEqual(value);
    expect(jsonText(value, indent).split('\n').length).toBe(JSON.stringify(value, null, indent).split('\n').length);
  });

  it('has no character that commands a terminal', () => {
    expect(jsonText(names)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(jsonText({ name: '会議' })).toBe('{"name":"会議"}');
  });
});
