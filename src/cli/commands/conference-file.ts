import { chown, stat, writeFile } from 'node:fs/promises';
import { allSteps } from '../../base/all-steps.ts';
import { checking } from '../../conference-table/check-table.ts';
import { NO_TABLE, type TableEntry } from '../../conference-table/conference-table.ts';
import { type ParsedTable, parsing } from '../../conference-table/parse-table.ts';
import { type SplitTable, splitting, type TableChunk } from '../../conference-table/split-table.ts';
import { comparingTables } from '../../conference-table/table-changes.ts';
import { chunkOf, numberOf, textWithOnly } from '../../conference-table/table-text.ts';
import { ConfigError } from '../../config/errors.ts';
import { replaceFile } from '../../config/profile-write.ts';
import { findSettings } from '../../config/read-config.ts';
import { readProfiles } from '../../config/read-profiles.ts';
import { readTableFile, resolvingTable } from '../../config/read-table.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import { UsageError } from '../options/errors.ts';
import { changeLines } from './profile-change.ts';

export type ConferenceOptions = { config?: string; json?: true };

/** The table of the node as commands see it; its text is null where there is no such file. */
export type OpenedTable = {
  readonly path: string;
  /** As it is in the configuration, for writing. */
  readonly fullPath: string;
  /** The `rostrum.yaml` of the node; there need not be such a file. */
  readonly configPath: string;
  readonly text: string | null;
  readonly split: SplitTable;
  readonly profiles: Profiles;
};

/** Reads the table, and the profiles. @throws ConfigError if either cannot be read, or a profile has mistakes */
export async function openTable({ config }: ConferenceOptions): Promise<OpenedTable> {
  const { profilesDirectory, tablePath, configPath } = await findSettings(config, process.env);
  const file = await readTableFile(tablePath);
  if ('unreadable' in file) throw ConfigError.of([file.unreadable]);
  const split = allSteps(splitting(file.text ?? ''));
  return {
    path: file.path,
    fullPath: tablePath,
    configPath,
    text: file.text,
    split,
    profiles: await readProfiles(profilesDirectory),
  };
}

/** The whole table. @throws ConfigError with its mistakes */
export function parseWhole({ path, text, profiles }: OpenedTable): ParsedTable & { ok: true } {
  const parsed = allSteps(resolvingTable({ path, text }, profiles));
  if (!parsed.ok) throw ConfigError.of(parsed.problems);
  return parsed;
}

/** @throws UsageError if the table does not have it */
export function chunkNamed({ path, split }: OpenedTable, number: string): TableChunk {
  const chunk = chunkOf(split, number);
  if (!chunk) throw new UsageError(`no conference ${number} in ${path}; "rostrum conference list" lists them`);
  return chunk;
}

/** One conference, without a look at the others. @throws ConfigError with its mistakes */
export function parseOne({ path, profiles }: OpenedTable, split: SplitTable, number: string): TableEntry {
  const parsed = parsePart(split, chunkOf(split, number) ?? null, path, profiles);
  const entry = parsed.table.entries.get(number);
  if (!entry) throw new UsageError(`no conference ${number} in ${path}`);
  return entry;
}

/**
 * Writes a text in which one conference is another one, if that is valid, and says what is different.
 * @throws ConfigError with its mistakes, or if somebody else has changed the file since it was opened
 */
export async function putInPlace(opened: OpenedTable, number: string, text: string): Promise<void> {
  const { path, fullPath, configPath, split, profiles } = opened;
  if (text === opened.text) {
    process.stdout.write(`${path}: unchanged\n`);
    return;
  }
  const changed = allSteps(splitting(text));
  const before = allSteps(parsing(textWithOnly(split, chunkOf(split, number) ?? null), path, NO_TABLE));
  const after = parsePart(changed, chunkOf(changed, number) ?? null, path, profiles);
  const now = await readTableFile(fullPath);
  if ('unreadable' in now || now.text !== opened.text)
    throw new ConfigError(`${path}: somebody else has just changed it`);
  if (opened.text === null) await createFile(fullPath, text, configPath);
  else await replaceFile(fullPath, text);
  const changes = before.ok ? allSteps(comparingTables(before.table, after.table)) : [];
  process.stdout.write(`${path}: written\n${changes.length > 0 ? `${changeLines(changes)}\n` : ''}`);
}

function parsePart(split: SplitTable, chunk: TableChunk | null, path: string, profiles: Profiles) {
  const parsed = allSteps(parsing(textWithOnly(split, chunk), path, NO_TABLE));
  if (!parsed.ok) throw ConfigError.of(parsed.problems);
  const problems = allSteps(checking(parsed, profiles, path));
  if (problems.length > 0) throw ConfigError.of(problems);
  return parsed;
}

/**
 * Makes a file with PINs in it: for its owner and group, which are those of another file if that is there and this user
 * may give files to them.
 */
async function createFile(path: string, text: string, ownersOf: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx', mode: 0o640 }).catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(`${path}: cannot be made (${cause.code})`, { cause });
  });
  const owners = await stat(ownersOf).catch(() => null);
  if (owners) await chown(path, owners.uid, owners.gid).catch(() => {});
}

/** The numbers of the conferences, without a look at their settings. @throws ConfigError if the table cannot be found */
export async function listedNumbers(env: NodeJS.ProcessEnv): Promise<string[]> {
  const { tablePath } = await findSettings(undefined, env);
  const file = await readTableFile(tablePath);
  if ('unreadable' in file) throw ConfigError.of([file.unreadable]);
  return allSteps(splitting(file.text ?? ''))
    .chunks.map(numberOf)
    .filter((number) => number !== '');
}
