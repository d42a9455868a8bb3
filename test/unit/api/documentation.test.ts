import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { STATUS_OF } from '../../../src/api/app.ts';
import { memberQuerySchema } from '../../../src/api/schemas.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { nodeTable } from '../../../src/cli/text/node-text.ts';

const textOf = (page: string) => readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');

it('docs/commands.md has every code of an error beside its status', () => {
  const [, paragraph = ''] = /\nAn error is ([\s\S]*?)\n\n/.exec(`${textOf('commands.md')}\n\n`) ?? [];
  const documented = new Map<string, number>();
  for (const [, status, codes = ''] of paragraph.matchAll(/(\d{3})\s\(([^)]*)\)/g)) {
    for (const [, code = ''] of codes.matchAll(/`([^`]+)`/g)) documented.set(code, Number(status));
  }
  expect(Object.fromEntries(documented)).toMatchObject(STATUS_OF);
});

it('docs/commands.md has the options of every command, but for those with pages of their own', () => {
  const page = textOf('commands.md');
  const optionsOf = ({ options, commands }: Command): string[] => [
    ...options.flatMap(({ long }) => long ?? []),
    ...commands.filter((command) => !['profile', 'conference'].includes(command.name())).flatMap(optionsOf),
  ];
  const documented = new Set(page.match(/--[a-z][a-z-]*/g));
  const missing = optionsOf(createProgram()).filter((option) => option !== '--version' && !documented.has(option));
  expect(missing).toEqual([]);
});

it('docs/commands.md explains every parameter by which members are asked for, and no other', () => {
  const [, section = ''] = /\n### Members in pages\n([\s\S]*?)\n### /.exec(textOf('commands.md')) ?? [];
  const cells = [...section.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell = '']) => cell);
  const documented = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  expect(documented.sort()).toEqual(Object.keys(memberQuerySchema.shape).sort());
});

it('docs/clusters.md shows and explains every column of "rostrum nodes"', () => {
  const page = textOf('clusters.md');
  const columns = nodeTable([], Number.POSITIVE_INFINITY).trim().split(/ {2,}/);
  expect(page).toMatch(new RegExp(`^ {4}${columns.join(' +')}$`, 'm'));
  for (const column of columns.slice(1)) expect(page).toMatch(new RegExp(`^\\| ${column} +\\| \\S`, 'm'));
});
