import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { ProfileFile } from '../profiles/profile-file.ts';
import { type Profiles, type Resolution, resolveProfiles } from '../profiles/profiles.ts';
import { MAX_YAML_BYTES, type Problem } from '../yaml/yaml-document.ts';
import { ConfigError } from './errors.ts';

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
export async function loadProfiles(directory: string): Promise<Resolution> {
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
  try {
    const bytes = await readSmallFile(path);
    if (typeof bytes === 'string') return unreadable(bytes);
    const text = decode(bytes);
    return typeof text === 'string' ? { path: shown, name, text } : unreadable('is not UTF-8 text', text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const gone = code === 'ENOENT' && (await lstat(path).catch(() => null)) === null;
    return gone ? null : unreadable(`cannot be read (${code})`);
  }
}

/** @returns the content, or why it cannot be that of a profile */
async function readSmallFile(path: string): Promise<Buffer | string> {
  // Not blocking, because a named pipe would wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return 'is not a file';
    const buffer = Buffer.alloc(MAX_YAML_BYTES + 1);
    let length = 0;
    for (let bytesRead = -1; bytesRead !== 0 && length < buffer.length; length += bytesRead) {
      ({ bytesRead } = await file.read(buffer, length, buffer.length - length, length));
    }
    return length > MAX_YAML_BYTES ? `is larger than ${MAX_YAML_BYTES / 1024} KiB` : buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

/** @returns the text, or where the first byte stands that is not UTF-8 */
function decode(bytes: Buffer): string | { line: number; column: number } {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Bytes that cannot be decoded become U+FFFD, which is encoded as other bytes.
    const lenient = Buffer.from(bytes.toString('utf8'));
    const wrong = lenient.findIndex((byte, index) => byte !== bytes[index]);
    const lines = bytes.subarray(0, wrong).toString('utf8').split('\n');
    return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  }
}

function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.length < path.length ? fromHere : path;
}
