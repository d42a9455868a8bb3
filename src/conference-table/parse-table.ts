import { CONFERENCE_NAME } from '../conference/model/join-arguments.ts';
import { readValues } from '../profiles/profile-file.ts';
import { isMap, valueAt } from '../profiles/profile-keys.ts';
import { byPosition, type Problem, problemsOf, readYaml, type YamlPath } from '../yaml/yaml-document.ts';
import type { ConferenceTable, TableEntry } from './conference-table.ts';
import { splitting, type TableChunk } from './split-table.ts';
import { ENTRY_KEYS, entrySchema, headSchema, NOT_IN_ENTRIES, settingsSchema } from './table-schema.ts';
import { parseTimes } from './times-schema.ts';

/** Nobody reads more of them at a time. */
const MOST_PROBLEMS = 100;

/** `chunks` has the text of each conference, for mistakes that are found later. */
export type ParsedTable =
  | { readonly ok: true; readonly table: ConferenceTable; readonly chunks: ReadonlyMap<string, TableChunk> }
  | { readonly ok: false; readonly problems: Problem[] };

type ParsedEntry = { ok: true; entry: TableEntry } | { ok: false; number: string | null; problems: Problem[] };

/**
 * Parses the text of a table, in steps: one of thousands of conferences takes seconds.
 * @param file the name to show in problems
 * @param former an earlier table: conferences whose text is the same are taken from it
 * @returns the table, or every mistake in it, as far as they can be seen without the profiles
 */
export function* parsing(text: string, file: string, former: ConferenceTable): Generator<void, ParsedTable> {
  const { head, chunks } = yield* splitting(text);
  const { head: parsed, problems } = parseHead(head, file);
  const timeZone = parsed?.timeZone ?? null;
  const known = former.timeZone === timeZone ? former.entriesByText : new Map<string, TableEntry>();
  const entries = new Map<string, TableEntry>();
  const entriesByText = new Map<string, TableEntry>();
  const chunkOf = new Map<string, TableChunk>();
  for (const chunk of chunks) {
    yield;
    if (chunk.indent !== chunks[0]?.indent && Number.isFinite(chunk.indent)) {
      problems.push(at(chunk, file, 'is not as far in as the first conference'));
      continue;
    }
    const same = known.get(chunk.text);
    const result: ParsedEntry = same ? { ok: true, entry: same } : parseEntry(chunk, file, timeZone);
    const number = result.ok ? result.entry.number : result.number;
    const first = number === null ? undefined : chunkOf.get(number);
    if (first) problems.push(at(chunk, file, `${number} is there twice, first in line ${first.line}`));
    else if (number !== null) chunkOf.set(number, chunk);
    if (!result.ok) problems.push(...result.problems);
    else if (!first) {
      entries.set(result.entry.number, result.entry);
      entriesByText.set(chunk.text, result.entry);
    }
  }
  if (problems.length > 0) return { ok: false, problems: mostOf(problems, file) };
  const unlisted = parsed?.unlisted ?? 'allow';
  return { ok: true, table: { unlisted, timeZone, entries, entriesByText }, chunks: chunkOf };
}

/** A mistake at a place of a conference. @param path below its number */
export function problemIn({ line, text }: TableChunk, file: string, path: readonly string[], message: string): Problem {
  const { locate, value } = readYaml(text, file);
  const number = isMap(value) ? (Object.keys(value)[0] ?? '') : '';
  const found = locate([number, ...path]);
  return { file, line: found.line + line - 1, column: found.column, path: [number, ...path].join('.'), message };
}

/** The first of many mistakes, in order, and how many more there are. */
export function mostOf(problems: readonly Problem[], file: string): Problem[] {
  const sorted = [...problems].sort(byPosition);
  if (sorted.length <= MOST_PROBLEMS) return sorted;
  const message = `and ${sorted.length - MOST_PROBLEMS} more mistakes`;
  return [...sorted.slice(0, MOST_PROBLEMS), { file, line: 0, column: 0, path: '', message }];
}

function parseHead(text: string, file: string) {
  const yaml = readYaml(text, file);
  const { conferences = null, ...rest } = isMap(yaml.value) ? yaml.value : {};
  const problems = [...yaml.problems];
  const wrong = (path: YamlPath, message: string) =>
    problems.push({ file, ...yaml.locate(path), path: path.join('.'), message });
  if (yaml.value !== undefined && yaml.value !== null && !isMap(yaml.value)) {
    wrong([], 'a table has keys, such as conferences:');
  }
  // Conferences on lines of their own are not in this text any more.
  if (conferences !== null && !(isMap(conferences) && Object.keys(conferences).length === 0)) {
    wrong(['conferences'], 'each conference has lines of its own below this one, without brackets');
  }
  const parsed = headSchema.safeParse(rest);
  if (!parsed.success) problems.push(...problemsOf(parsed.error, { schema: headSchema, file, locate: yaml.locate }));
  return { head: parsed.data, problems };
}

function parseEntry(chunk: TableChunk, file: string, timeZone: string | null): ParsedEntry {
  const yaml = readYaml(chunk.text, file);
  const here = (found: readonly Problem[]) => found.map((each) => ({ ...each, line: each.line + chunk.line - 1 }));
  const [only] = isMap(yaml.value) ? Object.entries(yaml.value) : [];
  const fail = (number: string | null, ...found: Problem[]): ParsedEntry => ({
    ok: false,
    number,
    problems: here([...yaml.problems, ...found].sort(byPosition)),
  });
  if (!only) {
    const message = 'a conference is its number with a colon, and its settings below that';
    return fail(null, ...(yaml.problems.length > 0 ? [] : [{ file, line: 1, column: 1, path: '', message }]));
  }
  const [number, settings] = only;
  const locate = (path: YamlPath) => yaml.locate([number, ...path]);
  const problem = (path: YamlPath, message: string): Problem => ({
    file,
    ...locate(path),
    path: [number, ...path].join('.'),
    message,
  });
  if (!CONFERENCE_NAME.test(number)) {
    return fail(null, problem([], 'the number of a conference is up to 64 letters, digits, "_", ".", "+" and "-"'));
  }
  const given = settings ?? {};
  if (!isMap(given)) return fail(number, problem([], 'a conference has settings below it, such as access:'));

  const found: Problem[] = NOT_IN_ENTRIES.filter((path) => valueAt(given, path) !== undefined).map((path) =>
    problem(path, 'cannot be set for one conference'),
  );
  const tableKeys = Object.entries(given).filter(([key]) => ENTRY_KEYS.includes(key));
  const own = entrySchema.safeParse(Object.fromEntries(tableKeys));
  const below = Object.entries(given).filter(([key]) => !ENTRY_KEYS.includes(key));
  const { values, takenAway, problems } = readValues(
    { kind: 'conference', ...Object.fromEntries(below) },
    'conference',
    { locate, isEmpty: (path) => yaml.isEmpty([number, ...path]) },
    file,
    settingsSchema,
  );
  found.push(...problems.map((each) => ({ ...each, path: each.path === '' ? number : `${number}.${each.path}` })));
  if (!own.success) {
    const wrong = problemsOf(own.error, { schema: settingsSchema, file, locate });
    return fail(number, ...found, ...wrong.map((each) => ({ ...each, path: `${number}.${each.path}` })));
  }
  const { name = null, profile = null, node = null, times, timeZone: zone = timeZone } = own.data;
  if (times && zone === null) found.push(problem(['times'], 'needs a timeZone, here or for the whole table'));
  const parsedTimes = times && zone !== null ? parseTimes(times, zone) : null;
  if (parsedTimes && !parsedTimes.ok) {
    found.push(...parsedTimes.mistakes.map(({ path, message }) => problem(['times', ...path], message)));
  }
  if (found.length + yaml.problems.length > 0) return fail(number, ...found);
  const openingTimes = parsedTimes?.ok ? parsedTimes.times : null;
  const entry = { number, name, profileName: profile, node, times: openingTimes, own: { values, takenAway } };
  return { ok: true, entry };
}

function at({ line, indent }: TableChunk, file: string, message: string): Problem {
  return { file, line, column: Number.isFinite(indent) ? indent + 1 : 1, path: '', message };
}
