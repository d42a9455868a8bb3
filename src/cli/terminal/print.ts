import { jsonText } from '../../base/json-text.ts';
import { PAGE_LENGTH } from '../text/list-text.ts';

/** Prints for programs or for people. */
export function print(value: unknown, json: true | undefined, forPeople: () => string): void {
  process.stdout.write(`${json ? jsonText(value, 2) : forPeople()}\n`);
}

/** Lines that a conference and its table have besides the members. */
const OTHER_LINES = 12;

/**
 * How many entries of a list people see unless they say otherwise; undefined for all, where nobody looks.
 * @param watched the list is redrawn, and what does not fit the screen is never seen
 */
export function terminalLimit(watched = false): number | undefined {
  const { isTTY, rows } = process.stdout;
  if (!isTTY) return undefined;
  return watched ? Math.min(PAGE_LENGTH, Math.max(5, rows - OTHER_LINES)) : PAGE_LENGTH;
}

/** How many columns there are for a table; infinitely many where nobody looks. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
}
