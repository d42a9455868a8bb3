import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FAULTS, VICTIMS } from '../test/bench/faults/cells.ts';
import type { TestResult } from './test-reporter.ts';

/**
 * Checks that docs/features.md, docs/phones.md and docs/reliability.md tell the truth: every row names documents that there
 * are, and tests that there are and that have passed. A test that was skipped here, for a reason that it gave, is believed.
 * The figures of docs/reliability.md are from `npm run bench -- faults`: each of its rows is a fault that this does.
 *
 *     check-features.ts RESULTS      the file that scripts/test-reporter.ts has written
 */

const DOCS = new URL('../docs/', import.meta.url);
/** Pages whose tables end with the tests that prove their rows, with the heading of that column. */
const LAST_COLUMNS = {
  'features.md': 'proven by',
  'phones.md': 'proven by',
  'reliability.md': 'also proven by',
};
/** In place of tests: the bench alone does this fault. */
const MEASURED = 'measured';

const [resultsFile = ''] = process.argv.slice(2);
const results = JSON.parse(await readFile(resultsFile, 'utf8')) as TestResult[];
const problems: string[] = [];
let rows = 0;
let unproven = 0;

for (const [page, lastColumn] of Object.entries(LAST_COLUMNS)) {
  const lines = (await readFile(new URL(page, DOCS), 'utf8')).split('\n');
  let isProven = false;
  let section = '';
  for (const [index, line] of lines.entries()) {
    section = /^## (?:The )?(.*)/.exec(line)?.[1]?.toLowerCase() ?? section;
    const cells = line.split('|').map((cell) => cell.trim());
    const isHeading = /^\| -/.test(lines[index + 1] ?? '');
    if (isHeading) isProven = cells.at(-2) === lastColumn;
    if (!isProven || isHeading || !line.startsWith('| ') || /^\| -/.test(line)) continue;
    rows++;
    const told = (problem: string) => problems.push(`docs/${page}:${index + 1}: ${problem}`);
    const row = cells.slice(1, -1);
    if (row.includes('')) told('a cell is empty');
    const isFault = page === 'reliability.md';
    if (isFault) checkFault(section, row[0]?.replaceAll('`', '') ?? '', told);
    if (!isFault || row.at(-1) !== MEASURED) await checkRow(row, page === 'features.md', told);
  }
}

/** Whether the bench does this to this process. */
function checkFault(process: string, fault: string, told: (problem: string) => void): void {
  const isDone = VICTIMS.some((victim) => victim === process) && fault in FAULTS;
  if (!isDone) told(`the bench does not do "${fault}" to "${process}"`);
}

async function checkRow(
  cells: readonly string[],
  namesDocument: boolean,
  told: (problem: string) => void,
): Promise<void> {
  const links = cells.flatMap((cell) => [...cell.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link));
  const names = [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  if (namesDocument && links.length === 0) told('no document is named');
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
console.log(
  problems.length === 0 ? `${Object.keys(LAST_COLUMNS).join(', ')}: ${rows} rows, ${proven}` : problems.join('\n'),
);
if (problems.length > 0) process.exitCode = 1;

function isBelieved({ state, reason }: TestResult): boolean {
  return state === 'passed' || (state === 'skipped' && reason !== null);
}
