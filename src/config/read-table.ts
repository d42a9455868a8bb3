import { checking } from '../conference-table/check-table.ts';
import { type ConferenceTable, NO_TABLE } from '../conference-table/conference-table.ts';
import { type ParsedTable, parsing } from '../conference-table/parse-table.ts';
import type { Profiles } from '../profiles/profiles.ts';
import type { Problem } from '../yaml/yaml-document.ts';
import { readText, shortest } from './read-text.ts';

/** Some 100,000 conferences. */
const MAX_TABLE_BYTES = 32 * 1024 * 1024;

/** The file of a table as read; its text is null where there is no such file. */
export type TableFile = { readonly path: string } & (
  | { readonly text: string | null }
  | { readonly unreadable: Problem }
);

/** Reads the file of a table. Never rejects. */
export async function readTableFile(path: string): Promise<TableFile> {
  const shown = shortest(path);
  const read = await readText(path, MAX_TABLE_BYTES);
  if (read === null || read.ok) return { path: shown, text: read?.text ?? null };
  return { path: shown, unreadable: { file: shown, ...read.at, path: '', message: read.message } };
}

/**
 * Parses a table and checks it with the profiles, in steps.
 * @param former as of `parsing`
 */
export function* resolvingTable(
  file: TableFile,
  profiles: Profiles,
  former: ConferenceTable = NO_TABLE,
): Generator<void, ParsedTable> {
  if ('unreadable' in file) return { ok: false, problems: [file.unreadable] };
  if (file.text === null) return { ok: true, table: NO_TABLE, chunks: new Map() };
  const parsed = yield* parsing(file.text, file.path, former);
  if (!parsed.ok) return parsed;
  const problems = yield* checking(parsed, profiles, file.path);
  return problems.length > 0 ? { ok: false, problems } : parsed;
}
