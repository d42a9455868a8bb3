import { ApiClient } from '../../api/client.ts';
import { pageOf } from '../../api/member-page.ts';
import type { MissingNodes } from '../../api/record-schemas.ts';
import { printable } from '../../base/printable.ts';
import type { ListOptions } from '../options/list.ts';
import { positionOf } from '../options/list.ts';
import { terminalLimit, terminalWidth } from '../terminal/print.ts';
import { printOrWatch } from '../terminal/watch.ts';
import { newestText, type Position } from '../text/list-text.ts';

/** Lists of what nodes have recorded. */

/** While a list is watched: each node looks at all of its files for it. */
const ASKED_EVERY_MS = 5000;

/** The parts of an answer that it does not have. */
export type Absent = { readonly missing: MissingNodes; readonly gaps?: readonly string[] };

type NewestList<View, Entry> = {
  readonly path: string;
  /** Of the API, besides the search and the page. */
  readonly query?: Readonly<Record<string, boolean>>;
  /** A name for an entry, in the singular. */
  readonly noun: string;
  readonly entriesOf: (view: View) => readonly Entry[];
  readonly table: (entries: readonly Entry[], widthColumns: number) => string;
};

/** Prints or watches a list of which the API has the newest entries, with what is missing in it. */
export async function listNewest<View extends Absent & { readonly hasOlder: boolean }, Entry>(
  options: ListOptions,
  { path, query, noun, entriesOf, table }: NewestList<View, Entry>,
): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const { watch, search } = options;
  const get = (page: Position) => client.get<View>(`${path}${recordsQuery({ ...query, search, ...page })}`);
  const getAll = seldom(() => get({}), ASKED_EVERY_MS);
  let absent: Absent = { missing: [] };
  await printOrWatch(options, positionOf(options, terminalLimit(watch)), {
    read: async (position) => {
      const view = watch ? await getAll() : await get(position);
      absent = view;
      const listed = entriesOf(view);
      return { view, listed, entries: watch ? pageOf(listed, position) : listed };
    },
    forPeople: ({ view, listed, entries }, position) => {
      const counts = { shown: entries.length, listed: listed.length, hasOlder: view.hasOlder };
      const text = newestText(noun, counts, position);
      const lines = entries.length === 0 ? [text] : [table(entries, terminalWidth()), text];
      return [...lines, ...(watch ? absentTexts(view) : [])].join('\n');
    },
    forPrograms: ({ entries }) => entries,
    entries: ({ listed, entries }) => ({ shown: entries.length, matching: listed.length }),
  });
  tellAbsent(absent);
}

/** The part of a URL behind its path. */
export function recordsQuery(wanted: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}

/** On stderr: the output may be a table for programs. */
export function tellAbsent(absent: Absent): void {
  process.stderr.write(
    absentTexts(absent)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

function absentTexts({ missing, gaps = [] }: Absent): string[] {
  return [...missing.map(({ node, reason }) => `node ${node} is missing: ${reason}`), ...gaps].map(printable);
}

/** The same value again for a while; an error is not kept. */
function seldom<T>(read: () => Promise<T>, everyMs: number): () => Promise<T> {
  let last: { readonly value: T; readonly atMs: number } | null = null;
  return async () => {
    if (!last || performance.now() - last.atMs >= everyMs) last = { value: await read(), atMs: performance.now() };
    return last.value;
  };
}
