import { jsonText } from '../../base/json-text.ts';
import { PAGE_LENGTH } from '../text/list-text.ts';

/** Prints for programs or for people. */
export function print(value: unknown, json: true | undefined, forPeople: () => string): void {
  process.stdout.write(`${json ? jsonText(value, 2) : forPeople()}\n`);
}

/**
 * How many entries of a list people see unless they say otherwise; undefined for all, where nobody looks.
 * @param watched the list is drawn again and again: as much of it as fits the screen
 */
export function terminalLimit(watched = false): number | undefined {
  return process.stdout.isTTY && !watched ? PAGE_LENGTH : undefined;
}

/** How many columns there are for a table; infinitely many where nobody looks. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
}
