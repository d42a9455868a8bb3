import { expect, it } from 'vitest';
import { Assembly } from '../../../../src/events/nats/assembly.ts';

const part = (text: string) => Buffer.from(text);

it('parts become a message with the last one', () => {
  const assembly = new Assembly(10);
  expect(assembly.add(part('one'), true)).toEqual(part('one'));
  expect(assembly.add(part('two'), false)).toBeNull();
  expect(assembly.add(part('three'), true)).toEqual(part('twothree'));
  expect(assembly.add(part('four'), true)).toEqual(part('four'));
});

it('what would become too large is not kept', () => {
  const assembly = new Assembly(10);
  expect(assembly.add(part('1234567890'), true)).toHaveLength(10);
  expect(assembly.add(part('123456'), false)).toBeNull();
  expect(assembly.add(part('78901'), false)).toBe('oversized');
  expect(assembly.add(part('one'), true)).toEqual(part('one'));
});
