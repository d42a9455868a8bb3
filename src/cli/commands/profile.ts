import { resolve } from 'node:path';
import { ApiClient, ApiClientError } from '../../api/client.ts';
import { ConfigError } from '../../config/errors.ts';
import { findSettings } from '../../config/read-config.ts';
import { loadProfiles, readProfiles } from '../../config/read-profiles.ts';
import type { ReloadResult } from '../../controller/settings-store.ts';
import { profileJsonSchema } from '../../profiles/json-schema.ts';
import type { Resolution } from '../../profiles/profiles.ts';
import type { Problem } from '../../yaml/yaml-document.ts';
import type { ClientOptions } from '../options/common.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { profileTable } from '../text/profile-text.ts';
import { changeLines } from './profile-change.ts';

/** The place of the profiles, as given on the command line. */
export type ProfileOptions = { directory?: string; config?: string; json?: true };

/** @param argument the directory as a word of its own */
export async function list(argument: string | undefined, options: ProfileOptions): Promise<void> {
  const { resolved } = await load(await directoryOf(options, argument));
  const profiles = [...resolved.values()].map(({ name, file, profile, ancestors }) => ({
    name,
    kind: profile.kind,
    extends: ancestors[0] ?? null,
    description: profile.description ?? null,
    file,
  }));
  print(profiles, options.json, () => profileTable(profiles, terminalWidth()));
}

/** @param argument the directory as a word of its own */
export async function check(argument: string | undefined, options: ProfileOptions): Promise<void> {
  const directory = await directoryOf(options, argument);
  const { conferences, controls } = await readProfiles(directory);
  process.stdout.write(
    `${directory}: ${conferences.size} conference and ${controls.size} controls profiles, all valid\n`,
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

/** @throws ConfigError with every mistake */
export async function load(directory: string): Promise<Resolution & { ok: true }> {
  const resolution = await loadProfiles(directory);
  if (!resolution.ok) throw ConfigError.of(resolution.problems);
  return resolution;
}
