import { expect, it } from 'vitest';
import { isNodeId } from '../../../src/events/node-id.ts';

it.each(['a', 'node-1', 'pbx_2.example.org', 'x'.repeat(64)])('%s is a node id', (id) => {
  expect(isNodeId(id)).toBe(true);
});

it.each(['', 'a b', 'a..b', '.a', 'a.', '*', '>', 'a.>', 'é', 'a\n', 'x'.repeat(65)])('"%s" is none', (id) => {
  expect(isNodeId(id)).toBe(false);
});
