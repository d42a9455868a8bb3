import { expect, it } from 'vitest';
import { haveSameFields } from '../../../src/base/same-fields.ts';

const place = { at: 'floor' };
const record: { id: number; place: object; hand: number | null } = { id: 1, place, hand: null };

it('two objects have the same fields where those are the same objects, or look the same', () => {
  expect(haveSameFields(record, { ...record })).toBe(true);
  expect(haveSameFields(record, { ...record, place: { at: 'floor' } })).toBe(true);
});

it('one field that differs is enough', () => {
  expect(haveSameFields(record, { ...record, id: 2 })).toBe(false);
  expect(haveSameFields(record, { ...record, place: { at: 'hold' } })).toBe(false);
  expect(haveSameFields(record, { ...record, hand: 0 })).toBe(false);
});
