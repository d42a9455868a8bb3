import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLayers, pureFolders, readImports, readLayers, violations } from '../../../scripts/layers.ts';

/** Two layers of the shell above two of the core. */
const LAYERS = parseLayers(`
| folders                  | packages        | what       |
| ------------------------ | --------------- | ---------- |
| \`src/top\`, \`src/side\` | anything        | the shell  |
| \`src/middle\`           | \`zod\`         | the core   |
| \`src/low\`              | nothing         | its ground |
`);
const CLEAN = {
  'src/top/a.ts': ['src/side/b.ts', 'node:fs', 'ws'],
  'src/side/b.ts': ['src/middle/c.ts'],
  'src/middle/c.ts': ['src/low/f.ts', 'zod'],
  'src/low/f.ts': [],
  'src/low/g.ts': ['src/low/f.ts'],
};
const found = (changes: Record<string, string[]>) =>
  violations(LAYERS, new Map(Object.entries({ ...CLEAN, ...changes })));

describe('the check of layers', () => {
  it('is content with imports that point downwards, and into the same row', () => {
    expect(found({})).toEqual([]);
  });

  it('finds an import that points up', () => {
    expect(found({ 'src/low/g.ts': ['src/middle/c.ts'] })).toEqual([
      'src/low/g.ts: imports src/middle/c.ts, which is in a higher layer',
      expect.stringMatching(/^a circle of folders: src\/middle -> src\/low -> src\/middle$/),
    ]);
  });

  it('finds a circle of files in one folder', () => {
    expect(found({ 'src/low/f.ts': ['src/low/g.ts'] })).toEqual([
      'a circle of files: src/low/f.ts -> src/low/g.ts -> src/low/f.ts',
    ]);
  });

  it('finds a circle of folders in one row, though there is none of files', () => {
    expect(found({ 'src/side/h.ts': ['src/top/i.ts'], 'src/top/i.ts': [] })).toEqual([
      'a circle of folders: src/top -> src/side -> src/top',
    ]);
  });

  it('finds a folder that the table does not name, and one that it names and that is gone', () => {
    expect(found({ 'src/top/inner/j.ts': [] })).toEqual([
      'src/top/inner: the table of layers does not name this folder',
    ]);
    expect(violations(LAYERS, new Map())).toContain(
      'src/low: the table of layers names this folder, and it has no files',
    );
  });

  it('finds a package that the layer may not import', () => {
    expect(found({ 'src/low/g.ts': ['node:fs', 'zod'] })).toEqual([
      'src/low/g.ts: its layer may not import node:fs',
      'src/low/g.ts: its layer may not import zod',
    ]);
  });

  it('finds an import of the pure core that leads out of it', () => {
    const layers = [...LAYERS, ...parseLayers('| `src/clock` | anything | below the core, and not pure |')];
    const imports = new Map(Object.entries({ ...CLEAN, 'src/clock/k.ts': [], 'src/low/g.ts': ['src/clock/k.ts'] }));
    expect(violations(layers, imports)).toEqual([
      'src/low/g.ts: is in the pure core, and imports src/clock/k.ts, which is not',
    ]);
  });
});

describe('the layers of Rostrum', () => {
  it('are as the table of docs/architecture.md has them', () => {
    expect(violations(readLayers(), readImports())).toEqual([]);
  });

  it('that are pure are those in which the linter forbids clock and timers', () => {
    const { overrides } = JSON.parse(readFileSync(new URL('../../../biome.json', import.meta.url), 'utf8'));
    const pure = overrides.find((override: { linter: { rules: { style: object } } }) =>
      Object.hasOwn(override.linter.rules.style, 'noRestrictedGlobals'),
    );
    expect(pure.includes).toEqual(pureFolders(readLayers()).map((folder) => `${folder}/*.ts`));
  });
});
