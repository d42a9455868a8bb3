import { PROFILE_KEYS, type ProfileKey, valueAt } from '../../profiles/profile-keys.ts';
import type { ResolvedProfile } from '../../profiles/profiles.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { type ProfileKeyRow, profileKeyTable } from '../text/profile-text.ts';
import { hanging } from '../text/text-width.ts';
import { directoryOf, notValid, type ProfileOptions, readValid } from './profile.ts';

/** In place of what is not shown. */
const HIDDEN = '(set)';

/** `rostrum profile show`: the values in force, secrets excepted. */
export async function show(name: string, options: ProfileOptions): Promise<void> {
  const read = await readValid(await directoryOf(options));
  const found = read.resolved.get(name);
  if (!found) throw notValid(name, read);
  const { file, profile, ancestors } = found;
  const keys = PROFILE_KEYS[profile.kind].flatMap((key) => rowsOf(found, key));
  print({ name, kind: profile.kind, file, extends: ancestors, keys }, options.json, () =>
    [
      hanging(
        '',
        `${profile.kind} profile ${name}, ${file}${ancestors.length > 0 ? `, extends ${ancestors.join(', ')}` : ''}`,
        terminalWidth(),
        2,
      ),
      profileKeyTable(keys, terminalWidth()),
    ].join('\n'),
  );
}

function rowsOf(found: ResolvedProfile, key: ProfileKey): ProfileKeyRow[] {
  const value = valueAt(found.profile, key.path);
  const entries = key.entry ? Object.entries(value ?? {}) : [];
  if (entries.length > 0) return entries.map(([name, entry]) => row(found, key, [...key.path, name], entry));
  return [row(found, key, key.path, key.entry ? null : (value ?? null))];
}

function row(found: ResolvedProfile, key: ProfileKey, path: readonly string[], value: unknown): ProfileKeyRow {
  const profile = found.origin(path);
  const source = profile === null ? 'default' : profile === found.name ? 'own' : 'inherited';
  const shown = key.secret && value !== null ? HIDDEN : value;
  return { key: path.join('.'), value: shown, source, profile, takesEffect: key.takesEffect };
}
