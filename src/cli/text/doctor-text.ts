import type { Finding, State } from '../../doctor/checks/finding.ts';
import { widthOf, wrap } from './text-width.ts';

const GAP = 2;
/** Text is not broken into shorter lines than this, however narrow the terminal. */
const NARROWEST = 30;
const REMEDY = '-> ';

/**
 * Findings as people read them: a line each, or several where the terminal is narrow, and below it what to do. Unlike a
 * `table`, nothing is cut off.
 */
export function doctorText(findings: readonly Finding[], widthColumns: number): string {
  const stateWidth = Math.max(...['STATE', ...findings.map(({ state }) => state)].map(widthOf));
  const checkWidth = Math.max(...['CHECK', ...findings.map(({ check }) => check)].map(widthOf));
  const indent = stateWidth + checkWidth + 2 * GAP;
  const textWidth = Math.max(NARROWEST, widthColumns - indent);
  const row = (state: string, check: string, text: string) =>
    (state.padEnd(stateWidth + GAP) + check.padEnd(checkWidth + GAP) + text).trimEnd();
  const lines = findings.flatMap(({ state, check, message, remedy }) => [
    ...wrap(message, textWidth).map((text, index) =>
      index === 0 ? row(state.toUpperCase(), check, text) : row('', '', text),
    ),
    ...(remedy === null ? [] : wrap(remedy, textWidth - REMEDY.length)).map((text, index) =>
      row('', '', (index === 0 ? REMEDY : ' '.repeat(REMEDY.length)) + text),
    ),
  ]);
  return [row('STATE', 'CHECK', 'FINDING'), ...lines, '', summary(findings)].join('\n');
}

function summary(findings: readonly Finding[]): string {
  const count = (state: State) => findings.filter((finding) => finding.state === state).length;
  const counted = (number: number, noun: string) => `${number === 0 ? 'no' : number} ${noun}${number === 1 ? '' : 's'}`;
  return `${counted(count('problem'), 'problem')}, ${counted(count('warning'), 'warning')}`;
}
