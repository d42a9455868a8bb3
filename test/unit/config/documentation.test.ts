import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { nodeConfigSchema } from '../../../src/config/node-config.ts';

type JsonSchema = { properties?: Record<string, JsonSchema> };

/** The paths of all keys, sections left out. */
function keysOf({ properties = {} }: JsonSchema, above: readonly string[] = []): string[][] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const path = [...above, key];
    return schema.properties ? keysOf(schema, path) : [path];
  });
}

it('docs/installation.md has every key of rostrum.yaml, or the section that it is in', () => {
  const text = readFileSync(new URL('../../../docs/installation.md', import.meta.url), 'utf8');
  const first = text.split('\n').map((line) => line.split('|')[1] ?? '');
  const documented = new Set(first.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)));
  const keys = keysOf(z.toJSONSchema(nodeConfigSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema);
  const isDocumented = (path: string[]) => path.some((_, index) => documented.has(path.slice(0, index + 1).join('.')));
  expect(keys.length).toBeGreaterThan(30);
  expect(keys.filter((path) => !isDocumented(path)).map((path) => path.join('.'))).toEqual([]);
});
