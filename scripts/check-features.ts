import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { TestResult } from './test-reporter.ts';

/**
 * Checks that docs/features.md and docs/phones.md tell the truth: every row names documents that there are, and tests
 * that there are and that have passed. A test that was skipped here, for a reason that it gave, is believed.
 *
 *     check-features.ts RESULTS      the file that scripts/test-reporter.ts has written
 */

const DOCS = new URL('../docs/', import.meta.url);
/** Pages whose tables end with the tests that prove their rows. */
const PAGES = ['features.md', 'phones.md'];
const LAST_COLUMN = 'proven by';

const [resultsFile = ''] = process.argv.slice(2);
const results = JSON.parse(await readFile(resultsFile, 'utf8')) as TestResult[];
const problems: string[] = [];
let rows = 0;
let unproven = 0;

for (const page of PAGES) {
  const lines = (await readFile(new URL(page, DOCS), 'utf8')).split('\n');
  let isProven = false;
  for (const [index, line] of lines.entries()) {
    const cells = line.split('|').map((cell) => cell.trim());
    const isHeading = /^\| -/.test(lines[index + 1] ?? '');
    if (isHeading) isProven = cells.at(-2) === LAST_COLUMN;
    if (!isProven || isHeading || !line.startsWith('| ') || /^\| -/.test(line)) continue;
    rows++;
    await checkRow(cells.slice(1, -1), `docs/${page}:${index + 1}`);
  }
}

async function checkRow(cells: readonly string[], at: string): Promise<void> {
  const told = (problem: string) => problems.push(`${at}: ${problem}`);
  const links = cells.flatMap((cell) => [...cell.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link));
  const names = [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  if (cells.includes('')) told('a cell is empty');
  if (at.includes('features') && links.length === 0) told('no document is named');
  if (names.length === 0) told('no test is named');
  for (const link of links) {
    const exists = await readFile(fileURLToPath(new URL(link, DOCS))).then(
      () => true,
      () => false,
    );
    if (!exists) told(`there is no ${link}`);
  }
  for (const name of names) {
    const meant = results.filter((result) => result.name.startsWith(name));
    if (meant.length === 0) told(`there is no test "${name}"`);
    else if (!meant.every(isBelieved)) told(`"${name}" has not passed`);
    unproven += meant.some(({ reason }) => reason !== null) ? 1 : 0;
  }
}

if (rows === 0) problems.push('the documentation names no features');
const proven = unproven === 0 ? 'all proven' : `${unproven} of their tests skipped here, all others passed`;
console.log(problems.length === 0 ? `${PAGES.join(', ')}: ${rows} rows, ${proven}` : problems.join('\n'));
if (problems.length > 0) process.exitCode = 1;

function isBelieved({ state, reason }: TestResult): boolean {
  return state === 'passed' || (state === 'skipped' && reason !== null);
}
