import { expect, it } from 'vitest';
import { requireNodeId, requireSubject } from '../../../src/events/options.ts';

const refused = expect.objectContaining({ code: 'invalid-name' });

it.each(['a', 'node-1', 'pbx_2', 'x'.repeat(32)])('%s is a node id', (id) => {
  requireNodeId(id);
});

it.each(['', 'a b', 'pbx.example.org', '*', '>', 'é', 'a\n', 'x'.repeat(33)])('"%s" is no node id', (id) => {
  expect(() => requireNodeId(id)).toThrow(refused);
});

it.each(['a', 'node-1', 'pbx_2.example.org', 'x'.repeat(64)])('%s may be in a subject of NATS', (name) => {
  requireSubject('cluster name', name);
});

it.each(['', 'a b', 'a..b', '.a', 'a.', '*', '>', 'a.>', 'é', 'a\n', 'x'.repeat(65)])('"%s" may not', (name) => {
  expect(() => requireSubject('cluster name', name)).toThrow(refused);
});
