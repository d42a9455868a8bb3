import { describe, expect, it } from 'vitest';
import { NODE_ID, nodeIdFrom } from '../../../src/base/node-id.ts';

describe('the name of a node', () => {
  it.each([
    ['lyon', 'lyon'],
    ['lyon.example.org', 'lyon'],
    ['-x_y z', 'x_y-z'],
    ['', 'node'],
    ['é', 'node'],
    ['a'.repeat(63), 'a'.repeat(32)],
  ])('of the machine %j is %j', (host, id) => {
    expect(nodeIdFrom(host)).toBe(id);
    expect(id).toMatch(NODE_ID);
  });
});
