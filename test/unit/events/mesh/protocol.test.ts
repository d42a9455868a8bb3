import { describe, expect, it } from 'vitest';
import {
  downReasonOf,
  encodeControl,
  encodeHello,
  judgeHello,
  readControl,
} from '../../../../src/events/mesh/protocol.ts';

const own = { node: 'a', incarnation: 'one' };
const hello = (more: object = {}) =>
  encodeControl({ type: 'hello', protocol: { major: 2, minor: 0 }, node: 'b', incarnation: 'two', ...more });
const refused = (frame: Buffer, expected: string | null = null) => {
  const verdict = judgeHello(frame, own, expected);
  return verdict.kind === 'refused' ? verdict.reason : verdict.kind;
};

describe('a hello', () => {
  it('of an expected node, or of any where any will do, is welcome', () => {
    const frame = encodeHello({ node: 'b', incarnation: 'two' });
    const welcome = { kind: 'welcome', hello: { node: 'b', incarnation: 'two' } };
    expect(judgeHello(frame, own, 'b')).toEqual(welcome);
    expect(judgeHello(frame, own, null)).toEqual(welcome);
  });

  it('may have a later minor version and fields that are unknown here', () => {
    expect(refused(hello({ protocol: { major: 2, minor: 9, patch: 1 }, later: [1] }))).toBe('welcome');
  });

  it('of another major version is refused as such, even if nothing else in it is known', () => {
    expect(refused(encodeControl({ type: 'hello', protocol: { major: 3, minor: 0 } }))).toBe('version');
  });

  it('of another node than expected is refused', () => {
    expect(refused(hello(), 'c')).toBe('identity');
  });

  it('of our own id is ourselves, or a namesake', () => {
    expect(refused(encodeHello(own), 'b')).toBe('self');
    expect(refused(encodeHello({ ...own, incarnation: 'two' }))).toBe('id-taken');
  });

  it.each([
    ['no id', hello({ node: undefined })],
    ['an id that is none', hello({ node: 'a b' })],
    ['no incarnation', hello({ incarnation: '' })],
    ['another type', hello({ type: 'ready' })],
    ['no JSON', Buffer.from('c{')],
    ['nothing', Buffer.alloc(0)],
    ['too much', hello({ later: 'x'.repeat(5000) })],
    ['a message', Buffer.from('m{}')],
  ])('with %s is refused', (_what, frame) => {
    expect(refused(frame)).toBe('protocol');
  });
});

it('control messages of a later version are left aside', () => {
  expect(readControl(encodeControl({ type: 'use', later: 1 }))).toBe('use');
  expect(readControl(encodeControl({ type: 'dance' }))).toBeNull();
  expect(readControl(Buffer.from('c'))).toBeNull();
});

it('what a close code says is told', () => {
  expect([4000, 4006, 4007, 1009, 4001, 1006, 4999].map(downReasonOf)).toEqual([
    'left',
    'revoked',
    'slow',
    'oversized',
    'lost',
    'lost',
    'lost',
  ]);
});
