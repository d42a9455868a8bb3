import { resolve } from 'node:path';
import { ApiClient, ApiClientError } from '../../api/client.ts';
import { didYouMeanOneOf } from '../../base/nearest.ts';
import { ConfigError } from '../../config/errors.ts';
import { findSettings } from '../../config/read-config.ts';
import { readProfileFiles, readProfiles } from '../../config/read-profiles.ts';
import type { ReloadResult } from '../../controller/settings-store.ts';
import { profileJsonSchema } from '../../profiles/json-schema.ts';
import type { ProfileFile } from '../../profiles/profile-file.ts';
import { type Resolved, resolveProfiles } from '../../profiles/profiles.ts';
import type { Problem } from '../../yaml/yaml-document.ts';
import type { ClientOptions } from '../options/common.ts';
import { UsageError } from '../options/errors.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { counted } from '../text/list-text.ts';
import { profileTable } from '../text/profile-text.ts';
import { changeLines } from './profile-change.ts';

/** The place of the profiles, as given on the command line. */
export type ProfileOptions = { directory?: string; config?: string; json?: true };

/**
 * `rostrum profile list`: lists the valid profiles.
 * @param argument the directory as a word of its own
 * @throws ConfigError afterwards with every mistake, and the profiles that are not listed because of these
 */
export async function list(argument: string | undefined, options: ProfileOptions): Promise<void> {
  const { resolved, files, problems } = await readValid(await directoryOf(options, argument));
  const profiles = [...resolved.values()].map(({ name, file, profile, ancestors }) => ({
    name,
    kind: profile.kind,
    extends: ancestors[0] ?? null,
    description: profile.description ?? null,
    file,
  }));
  print(profiles, options.json, () => profileTable(profiles, terminalWidth()));
  const reported = new Set(problems.map(({ file }) => file));
  const others = files.filter(({ name, path }) => !resolved.has(name) && !reported.has(path));
  const incomplete = others.map(({ path }) => wholeFile(path, 'extends a profile that has mistakes'));
  if (problems.length > 0) throw ConfigError.of([...problems, ...incomplete]);
}

/** @param argument the directory as a word of its own */
export async function check(argument: string | undefined, options: ProfileOptions): Promise<void> {
  const directory = await directoryOf(options, argument);
  const { conferences, controls } = await readProfiles(directory);
  process.stdout.write(
    `${directory}: ${counted(conferences.size, 'conference profile')} and ${counted(controls.size, 'controls profile')} without a mistake\n`,
  );
}

export function schema(): void {
  process.stdout.write(`${JSON.stringify(profileJsonSchema(), null, 2)}\n`);
}

export async function reload({ socket, json }: ClientOptions): Promise<void> {
  try {
    const result = await new ApiClient({ socketPath: socket }).post<ReloadResult & { ok: true }>('/profiles/reload');
    print(result, json, () => (result.changes.length > 0 ? changeLines(result.changes) : 'nothing is different'));
  } catch (error) {
    if (json && error instanceof ApiClientError && error.code === 'invalid-configuration') {
      const { problems } = error.answer as { problems: readonly Problem[] };
      print({ ok: false, problems } satisfies ReloadResult, json, () => '');
    }
    throw error;
  }
}

export async function directoryOf(options: ProfileOptions, argument?: string): Promise<string> {
  const given = argument ?? options.directory;
  return given ? resolve(given) : (await findSettings(options.config, process.env)).profilesDirectory;
}

/** The profiles of a directory that are valid, and the mistakes in the others. */
export type ValidProfiles = Resolved & {
  readonly files: readonly ProfileFile[];
  readonly problems: readonly Problem[];
};

/** @throws ConfigError if the directory cannot be read, or has no profiles */
export async function readValid(directory: string): Promise<ValidProfiles> {
  const read = await readProfileFiles(directory);
  if (!read.ok) throw ConfigError.of(read.problems);
  const { files } = read;
  const resolution = resolveProfiles(files);
  return resolution.ok
    ? { ...resolution, files, problems: [] }
    : { ...resolution.valid, files, problems: resolution.problems };
}

/** Why a profile is not among the valid ones. */
export function notValid(name: string, { files, problems }: ValidProfiles): UsageError | ConfigError {
  const names = files.map((file) => file.name);
  if (names.includes(name)) return ConfigError.of(problems);
  return new UsageError(`no profile "${name}"${didYouMeanOneOf(name, names)}`);
}

function wholeFile(file: string, message: string): Problem {
  return { file, line: 0, column: 0, path: '', message };
}
