/** The orders in which conferences are listed: the most, and the last to start, first. */
export const CONFERENCE_ORDERS = ['name', 'members', 'speakers', 'talking', 'hands', 'latest'] as const;

export type ConferenceOrder = (typeof CONFERENCE_ORDERS)[number];

/** Entries on a page where the options do not say it: a terminal does not scroll for long. */
export const PAGE_LENGTH = 50;

/**
 * The part of a list that was asked for: all of it without a limit. Where people scroll, it begins after so many entries
 * (`offset`) instead of with a page.
 */
export type Position = {
  readonly limit?: number | undefined;
  readonly page?: number | undefined;
  readonly offset?: number | undefined;
};

export type Counts = { readonly total: number; readonly matching: number; readonly shown: number };

/**
 * How many there are, and how to see the rest: `5,012 members, 12 match, 1-12 shown`.
 * @param all all of them in words, such as `5,012 members`
 */
export function totalsText(all: string, { total, matching, shown }: Counts, position: Position): string {
  const { limit = matching, page = 1, offset } = position;
  const texts = [all];
  if (matching < total)
    texts.push(matching === 0 ? 'none match' : `${count(matching)} ${matching === 1 ? 'matches' : 'match'}`);
  const before = offset ?? (page - 1) * limit;
  const more = matching - before - shown;
  if (shown > 0 && shown < total) texts.push(`${rangeText(before + 1, before + shown)} shown`);
  if (offset !== undefined) {
    if (shown > 0 && shown < matching) texts.push('more with the arrow keys and PgDn');
  } else if (shown > 0 && more > 0) texts.push(`${count(more)} more with --page ${page + 1} or a larger --limit`);
  if (shown === 0 && matching > 0) texts.push(page > 1 ? `none of them on page ${page}` : 'none shown');
  return texts.join(', ');
}

/**
 * How many of the newest are shown, and how to see older ones.
 * @param noun for one of them
 * @param counts.listed how many of them have been read, and can be scrolled
 * @param counts.hasOlder whether there are older ones than these
 */
export function newestText(
  noun: string,
  { shown, listed, hasOlder }: { readonly shown: number; readonly listed: number; readonly hasOlder: boolean },
  { limit, page = 1, offset }: Position,
): string {
  if (shown === 0) return page > 1 || listed > 0 ? `no ${noun}s on this page` : `no ${noun}s`;
  const text = `${counted(shown, noun)} shown`;
  if (offset !== undefined && shown < listed) return `${text}, more with the arrow keys and PgDn`;
  if (shown < listed || (hasOlder && limit !== undefined && offset === undefined))
    return `${text}, older ones with --page ${page + 1} or a larger --limit`;
  return hasOlder ? `${text}, older ones with --search` : text;
}

function rangeText(first: number, last: number): string {
  return first === last ? count(first) : `${count(first)}-${count(last)}`;
}

/** `1 member`, `5,012 members`. @param noun in the singular */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}
