import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ProfileFile } from '../profiles/profile-file.ts';
import { type Profiles, type Resolution, resolveProfiles } from '../profiles/profiles.ts';
import { MAX_YAML_BYTES, type Problem } from '../yaml/yaml-document.ts';
import { ConfigError } from './errors.ts';
import { readText, shortest } from './read-text.ts';

const SUFFIX = '.yaml';
/** Each is an open file, of which a process may have only some hundred. */
const READ_AT_ONCE = 64;

/** The profile files of a directory, or what keeps it from being one. */
export type ProfileDirectory = { ok: true; files: ProfileFile[] } | { ok: false; problems: Problem[] };

/**
 * Reads every `*.yaml` of a directory as a profile.
 * @throws ConfigError with every mistake in all of them
 */
export async function readProfiles(directory: string): Promise<Profiles> {
  const resolution = await loadProfiles(directory);
  if (!resolution.ok) throw ConfigError.of(resolution.problems);
  return resolution.profiles;
}

/** Reads and resolves the profiles of a directory. */
export async function loadProfiles(directory: string): Promise<Resolution | (ProfileDirectory & { ok: false })> {
  const read = await readProfileFiles(directory);
  return read.ok ? resolveProfiles(read.files) : read;
}

/**
 * Reads the profile files of a directory, in the order of their names. Hidden files are left alone: they are what
 * editors and Rostrum itself leave there while they write.
 */
export async function readProfileFiles(directory: string): Promise<ProfileDirectory> {
  const fail = (message: string): ProfileDirectory => ({
    ok: false,
    problems: [{ file: directory, line: 0, column: 0, path: '', message }],
  });
  let names: string[];
  try {
    names = (await readdir(directory)).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'));
  } catch (cause) {
    return fail(`the profiles cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
  const files: (ProfileFile | null)[] = [];
  for (let at = 0; at < names.length; at += READ_AT_ONCE) {
    const some = names.slice(at, at + READ_AT_ONCE);
    files.push(...(await Promise.all(some.map((name) => readProfileFile(join(directory, name))))));
  }
  const found = files.filter((file) => file !== null).sort((a, b) => (a.name < b.name ? -1 : 1));
  return found.length === 0
    ? fail(`no profiles in it: they are files that end in ${SUFFIX}`)
    : { ok: true, files: found };
}

/** @returns null if it is not there (any more) */
export async function readProfileFile(path: string): Promise<ProfileFile | null> {
  const shown = shortest(path);
  const name = basename(path, SUFFIX);
  const unreadable = (message: string, at = { line: 0, column: 0 }): ProfileFile => ({
    path: shown,
    name: basename(name, '.yml'),
    unreadable: { file: shown, ...at, path: '', message },
  });
  if (!path.endsWith(SUFFIX)) return unreadable(`the names of profiles end in ${SUFFIX}`);
  const read = await readText(path, MAX_YAML_BYTES);
  if (read === null) return null;
  return read.ok ? { path: shown, name, text: read.text } : unreadable(read.message, read.at);
}
