/** Entries on a page where the options do not say it: a terminal does not scroll for long. */
export const PAGE_LENGTH = 50;

/** The part of a list that was asked for: all of it without a limit. */
export type Position = { readonly limit?: number | undefined; readonly page?: number | undefined };

export type Counts = { readonly total: number; readonly matching: number; readonly shown: number };

/**
 * How many there are, and how to see the rest: `5,012 members, 12 match, 1-12 shown`.
 * @param noun in the singular
 */
export function totalsText(
  noun: string,
  { total, matching, shown }: Counts,
  { limit = matching, page = 1 }: Position,
): string {
  const texts = [counted(total, noun)];
  if (matching < total) texts.push(matching === 0 ? 'none match' : `${count(matching)} match`);
  const before = (page - 1) * limit;
  const more = matching - before - shown;
  if (shown > 0 && shown < total) texts.push(`${count(before + 1)}-${count(before + shown)} shown`);
  if (shown > 0 && more > 0) texts.push(`${count(more)} more with --page ${page + 1} or a larger --limit`);
  if (shown === 0 && matching > 0) texts.push(page > 1 ? `none of them on page ${page}` : 'none shown');
  return texts.join(', ');
}

/** `1 member`, `5,012 members`. @param noun in the singular */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}
