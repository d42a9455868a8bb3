import { expect, it } from 'vitest';
import { equals } from '../../../src/base/equals.ts';

const place = { at: 'floor' };
const record: { id: number; place: object; hand: number | null } = { id: 1, place, hand: null };

it('two objects are equal where their fields are the same objects, or look the same', () => {
  expect(equals(record, { ...record })).toBe(true);
  expect(equals(record, { ...record, place: { at: 'floor' } })).toBe(true);
  expect(equals({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
});

it('one field that differs is enough', () => {
  expect(equals(record, { ...record, id: 2 })).toBe(false);
  expect(equals(record, { ...record, place: { at: 'hold' } })).toBe(false);
  expect(equals(record, { ...record, hand: 0 })).toBe(false);
  expect(equals({}, { a: null })).toBe(false);
});

it('a field that is undefined is none', () => {
  expect(equals({ a: undefined }, {})).toBe(true);
  expect(equals({}, { a: undefined })).toBe(true);
});

it('lists are equal where their values are, in their order', () => {
  expect(equals([1, [2]], [1, [2]])).toBe(true);
  expect(equals([1, 2], [2, 1])).toBe(false);
  expect(equals([1], [1, 2])).toBe(false);
  expect(equals([], {})).toBe(false);
});
