import { didYouMeanOneOf } from '../../base/nearest.ts';
import { ConfigError } from '../../config/errors.ts';
import { replaceFile } from '../../config/profile-write.ts';
import { readProfileFile, readProfileFiles } from '../../config/read-profiles.ts';
import type { SettingsChange } from '../../controller/settings-store.ts';
import type { ProfileFile } from '../../profiles/profile-file.ts';
import { resolveProfiles } from '../../profiles/profiles.ts';
import { changedProfiles, type ProfileChange, TAKES_EFFECT_WORDS } from '../../profiles/takes-effect.ts';
import { formatProblem, type Problem } from '../../yaml/yaml-document.ts';
import { UsageError } from '../options/errors.ts';

/** A profile that is to be changed, among all the others. */
export type OpenedProfile = {
  readonly path: string;
  readonly name: string;
  readonly text: string;
  readonly files: ProfileFile[];
};

/** The consequences of a new text of a profile. */
export type Judgement =
  | { ok: false; problems: Problem[] }
  /** `changes` is null where they cannot be told, because other files have mistakes already: `standing`. */
  | { ok: true; changes: ProfileChange[] | null; standing: Problem[] };

/** @throws UsageError if there is no such profile, ConfigError if it cannot be read */
export async function openProfile(directory: string, name: string): Promise<OpenedProfile> {
  const read = await readProfileFiles(directory);
  if (!read.ok) throw ConfigError.of(read.problems);
  const file = read.files.find((each) => each.name === name);
  if (!file) {
    const names = read.files.map((each) => each.name);
    throw new UsageError(`no profile "${name}"${didYouMeanOneOf(name, names)}`);
  }
  if ('unreadable' in file) throw ConfigError.of([file.unreadable]);
  return { ...file, files: read.files };
}

/** A new text must be valid and make nothing else invalid. Mistakes that others have already do not stand in its way. */
export function judge({ files, path, name }: OpenedProfile, text: string): Judgement {
  const before = resolveProfiles(files);
  const after = resolveProfiles(files.map((file) => (file.path === path ? { path, name, text } : file)));
  if (after.ok) {
    return { ok: true, changes: before.ok ? changedProfiles(before.profiles, after.profiles) : null, standing: [] };
  }
  const already = new Set(before.ok ? [] : before.problems.map(formatProblem));
  const problems = after.problems.filter((problem) => problem.file === path || !already.has(formatProblem(problem)));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, changes: null, standing: after.problems };
}

/**
 * Replaces the file of a profile with a text that was judged to be valid, and says what that means.
 * @throws ConfigError if somebody else has changed it since it was opened
 */
export async function putInPlace(opened: OpenedProfile, text: string, judged: Judgement & { ok: true }): Promise<void> {
  const now = await readProfileFile(opened.path);
  if (!now || 'unreadable' in now || now.text !== opened.text) {
    throw new ConfigError(`${opened.path}: somebody else has just changed it`);
  }
  await replaceFile(opened.path, text);
  for (const problem of judged.standing) process.stderr.write(`still to be corrected: ${formatProblem(problem)}\n`);
  const { changes } = judged;
  if (changes === null) process.stdout.write(`${opened.path}: written\n`);
  else if (changes.length === 0) process.stdout.write(`${opened.path}: written; no value is different\n`);
  else process.stdout.write(`${opened.path}: written\n${changeLines(changes)}\n`);
}

/** A line for each value that is different: in which profile or conference, and when that counts. */
export function changeLines(changes: readonly SettingsChange[]): string {
  return changes
    .flatMap(({ name, change, keys }) =>
      change === 'changed'
        ? keys.map(({ key, takesEffect }) => `${name}: ${key} counts ${TAKES_EFFECT_WORDS[takesEffect]}`)
        : [`${name}: ${change}`],
    )
    .join('\n');
}
