import { describe, expect, it } from 'vitest';
import { KeyFilter } from '../../../src/controller/key-filter.ts';

describe('a key that Asterisk reports', () => {
  it('counts once, though it is reported again soon after', () => {
    const filter = new KeyFilter();
    expect([0, 20, 122].map((atMs) => filter.accepts('a', '5', atMs))).toEqual([true, false, false]);
  });

  it('counts again when it has been pressed again, as fast as Asterisk takes keys', () => {
    const filter = new KeyFilter();
    expect([0, 125, 250, 375].map((atMs) => filter.accepts('a', '1', atMs))).toEqual([true, true, true, true]);
  });

  it('is another one on another phone, and after another key', () => {
    const filter = new KeyFilter();
    expect(filter.accepts('a', '1', 0)).toBe(true);
    expect(filter.accepts('b', '1', 10)).toBe(true);
    expect(filter.accepts('a', '2', 20)).toBe(true);
    expect(filter.accepts('a', '1', 40)).toBe(true);
  });

  it('is forgotten with its channel', () => {
    const filter = new KeyFilter();
    filter.accepts('a', '1', 0);
    filter.forget('a');
    expect(filter.accepts('a', '1', 10)).toBe(true);
  });
});
