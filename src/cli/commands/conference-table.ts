import type { z } from 'zod';
import { CONFERENCE_NAME } from '../../conference/model/join-arguments.ts';
import type { TableEntry } from '../../conference-table/conference-table.ts';
import { tableJsonSchema } from '../../conference-table/json-schema.ts';
import { openingAt } from '../../conference-table/opening-times.ts';
import { effectiveProfile } from '../../conference-table/settings-book.ts';
import { ENTRY_KEYS, entrySchema, NOT_IN_ENTRIES } from '../../conference-table/table-schema.ts';
import { appendChunk, chunkOf, replaceChunk } from '../../conference-table/table-text.ts';
import { hasInText, setInText, unsetInText } from '../../config/profile-text.ts';
import { entriesOf, valueAt } from '../../profiles/profile-keys.ts';
import { UsageError } from '../options/errors.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { count, counted } from '../text/list-text.ts';
import { settingsTable } from '../text/profile-text.ts';
import { tableOf } from '../text/table.ts';
import { hanging } from '../text/text-width.ts';
import { type ConferenceOptions, chunkNamed, openTable, parseOne, parseWhole, putInPlace } from './conference-file.ts';
import { parseSetting, parseWords, pathOf } from './setting-words.ts';

/** In place of what is not shown. */
const HIDDEN = '(set)';
/** The profile of the dialplan that comes with Rostrum. */
const USUAL_PROFILE = 'default';

/** `rostrum conference list` */
export async function list(options: ConferenceOptions & { search?: string }): Promise<void> {
  const { table: whole } = parseWhole(await openTable(options));
  const { search = '' } = options;
  const matches = ({ number, name }: TableEntry) =>
    number.includes(search) || (name ?? '').toLowerCase().includes(search.toLowerCase());
  const nowMs = Date.now();
  const conferences = [...whole.entries.values()].filter(matches).map((entry) => viewOf(entry, nowMs));
  print({ unlisted: whole.unlisted, conferences }, options.json, () =>
    [
      tableOf(
        conferences,
        [
          ['NUMBER', ({ number }) => number],
          ['NAME', ({ name }) => name ?? '-'],
          ['PROFILE', ({ profile }) => profile ?? '-'],
          ['NODE', ({ node }) => node ?? '-'],
          ['OPEN', openInWords],
        ],
        terminalWidth(),
      ),
      `${counted(whole.entries.size, 'conference')}, ${count(conferences.length)} shown; others: ${whole.unlisted}`,
    ].join('\n'),
  );
}

/** `rostrum conference show` */
export async function show(number: string, options: ConferenceOptions & { profile?: string }): Promise<void> {
  const opened = await openTable(options);
  chunkNamed(opened, number);
  const entry = parseOne(opened, opened.split, number);
  const profileName = entry.profileName ?? options.profile ?? USUAL_PROFILE;
  const profile = opened.profiles.conferences.get(profileName);
  if (!profile) throw new UsageError(`no conference profile "${profileName}"; name another one with --profile`);
  const settings = entriesOf('conference', effectiveProfile(entry, profile))
    .filter(({ path }) => !NOT_IN_ENTRIES.some((other) => other.join('.') === path.join('.')))
    .map(({ path, key, value }) => ({
      key: path.join('.'),
      value: key.secret ? HIDDEN : value,
      source: valueAt(entry.own.values, path) === undefined ? 'profile' : 'own',
      takesEffect: key.takesEffect,
    }));
  const view = { ...viewOf(entry, Date.now()), profile: profileName, settings };
  print(view, options.json, () =>
    [
      hanging(
        '',
        `conference ${number}${view.name ? `, ${view.name}` : ''}, profile ${profileName}, ${openInWords(view)}`,
        terminalWidth(),
        2,
      ),
      settingsTable(settings, ({ source }) => source, terminalWidth()),
    ].join('\n'),
  );
}

/** `rostrum conference check` */
export async function check(options: ConferenceOptions): Promise<void> {
  const opened = await openTable(options);
  const { entries } = parseWhole(opened).table;
  const what =
    opened.text === null
      ? 'is not there, which is no mistake'
      : `${counted(entries.size, 'conference')} without a mistake`;
  process.stdout.write(`${opened.path}: ${what}\n`);
}

/** `rostrum conference schema` */
export function schema(): void {
  process.stdout.write(`${JSON.stringify(tableJsonSchema(), null, 2)}\n`);
}

/** `rostrum conference add`: adds a conference after the others. */
export async function add(number: string, settings: readonly string[], options: ConferenceOptions): Promise<void> {
  if (!CONFERENCE_NAME.test(number)) {
    throw new UsageError(`not a number for a conference: ${number}; letters, digits, "_", ".", "+" and "-"`);
  }
  const opened = await openTable(options);
  if (chunkOf(opened.split, number)) throw new UsageError(`conference ${number} is in ${opened.path} already`);
  let lines = `"${number}":\n`;
  for (const setting of settings) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
    if (key === '') throw new UsageError(`not a setting: ${setting}; one is KEY=VALUE, such as access.userPin=1234`);
    const path = pathInEntry(key);
    lines = setInText(lines, [number, ...path], valueInEntry(path, value));
  }
  await putInPlace(opened, number, appendChunk(opened.text ?? '', opened.split, lines));
}

/** `rostrum conference set`: changes one setting and leaves the rest of the table as it is. */
export async function set(
  number: string,
  key: string | undefined,
  value: string | undefined,
  options: ConferenceOptions & { unset?: string },
): Promise<void> {
  const { unset } = options;
  if (unset === undefined ? key === undefined || value === undefined : key !== undefined) {
    throw new UsageError('set: give a key and a value, or --unset and a key');
  }
  const opened = await openTable(options);
  const chunk = chunkNamed(opened, number);
  const path = pathInEntry(unset ?? key ?? '');
  const text =
    unset === undefined
      ? setInText(chunk.text, [number, ...path], valueInEntry(path, value ?? ''))
      : without(chunk.text, number, path);
  await putInPlace(opened, number, replaceChunk(opened.text ?? '', chunk, text));
}

/** `rostrum conference remove` */
export async function remove(number: string, options: ConferenceOptions): Promise<void> {
  const opened = await openTable(options);
  const chunk = chunkNamed(opened, number);
  await putInPlace(opened, number, replaceChunk(opened.text ?? '', chunk, ''));
}

/** A conference whose last setting is removed stays in the table, with its comments. */
function without(text: string, number: string, path: readonly string[]): string {
  if (!hasInText(text, [number, ...path]))
    throw new UsageError(`${path.join('.')} is not set for conference ${number}`);
  const rest = unsetInText(text, [number, ...path]);
  if (hasInText(rest, [number])) return rest;
  const [first = '', ...others] = text.split('\n');
  const comments = others.filter((line) => line.trimStart().startsWith('#'));
  return [first.replace(/:.*$/, ':'), ...comments, ''].join('\n');
}

function pathInEntry(dotted: string): string[] {
  if (ENTRY_KEYS.includes(dotted)) return [dotted];
  return pathOf('conference', dotted, ENTRY_KEYS);
}

function valueInEntry(path: readonly string[], words: string): unknown {
  const [key = ''] = path;
  if (path.length > 1 || !ENTRY_KEYS.includes(key)) return parseSetting('conference', path, words);
  return parseWords((entrySchema.shape as Record<string, z.ZodType>)[key], words, false);
}

type View = ReturnType<typeof viewOf>;

function viewOf({ number, name, profileName, node, times }: TableEntry, nowMs: number) {
  const opening = openingAt(times, nowMs);
  const atMs = opening.open ? opening.closesMs : (opening.opensMs ?? Number.POSITIVE_INFINITY);
  const at = Number.isFinite(atMs) ? new Date(atMs).toISOString() : null;
  return { number, name, profile: profileName, node, open: opening.open, changesAt: at };
}

function openInWords({ open, changesAt }: View): string {
  if (open) return changesAt === null ? 'open' : `open until ${changesAt}`;
  return changesAt === null ? 'over' : `opens ${changesAt}`;
}
