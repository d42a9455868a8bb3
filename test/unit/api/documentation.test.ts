import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { STATUS_OF } from '../../../src/api/app.ts';
import { nodeTable } from '../../../src/cli/node-text.ts';

const textOf = (page: string) => readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');

it('docs/commands.md has every code of an error beside its status', () => {
  const [, paragraph = ''] = /\nAn error is ([\s\S]*?)\n\n/.exec(`${textOf('commands.md')}\n\n`) ?? [];
  const documented = new Map<string, number>();
  for (const [, status, codes = ''] of paragraph.matchAll(/(\d{3})\s\(([^)]*)\)/g)) {
    for (const [, code = ''] of codes.matchAll(/`([^`]+)`/g)) documented.set(code, Number(status));
  }
  expect(Object.fromEntries(documented)).toMatchObject(STATUS_OF);
});

it('docs/clusters.md shows and explains every column of "rostrum nodes"', () => {
  const page = textOf('clusters.md');
  const columns = nodeTable([], Number.POSITIVE_INFINITY).trim().split(/ {2,}/);
  expect(page).toMatch(new RegExp(`^ {4}${columns.join(' +')}$`, 'm'));
  for (const column of columns.slice(1)) expect(page).toMatch(new RegExp(`^\\| ${column} +\\| \\S`, 'm'));
});
