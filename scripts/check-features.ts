import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { TestResult } from './test-reporter.ts';

/**
 * Checks that docs/features.md tells the truth: every row names documents that there are, and tests that there are and
 * that have passed. A test that was skipped here, for a reason that it gave, is believed.
 *
 *     check-features.ts RESULTS      the file that scripts/test-reporter.ts has written
 */

const DOCS = new URL('../docs/', import.meta.url);

const [resultsFile = ''] = process.argv.slice(2);
const results = JSON.parse(await readFile(resultsFile, 'utf8')) as TestResult[];
const lines = (await readFile(new URL('features.md', DOCS), 'utf8')).split('\n');
const problems: string[] = [];
let rows = 0;
let unproven = 0;

for (const [index, line] of lines.entries()) {
  const cells = line.split(' | ').map((cell) => cell.trim());
  if (!line.startsWith('| ') || line.startsWith('| feature') || /^\| -/.test(line)) continue;
  rows++;
  const [, documents = '', tests = ''] = cells;
  const links = [...documents.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link);
  const names = [...tests.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  const told = (problem: string) => problems.push(`docs/features.md:${index + 1}: ${problem}`);
  if (links.length === 0) told('no document is named');
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

if (rows === 0) problems.push('docs/features.md: no features');
const proven = unproven === 0 ? 'all proven' : `${unproven} of their tests skipped here, all others passed`;
console.log(problems.length === 0 ? `docs/features.md: ${rows} features, ${proven}` : problems.join('\n'));
if (problems.length > 0) process.exitCode = 1;

function isBelieved({ state, reason }: TestResult): boolean {
  return state === 'passed' || (state === 'skipped' && reason !== null);
}
