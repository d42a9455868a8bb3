import { ConfigError } from '../../config/errors.ts';
import { hasInText, setInText, unsetInText } from '../../config/profile-text.ts';
import { valueAt } from '../../profiles/profile-keys.ts';
import { readYaml } from '../../yaml/yaml-document.ts';
import { UsageError } from '../options/errors.ts';
import { directoryOf, type ProfileOptions } from './profile.ts';
import { judge, openProfile, putInPlace } from './profile-change.ts';
import { parseSetting, pathOf } from './setting-words.ts';

/** `rostrum profile set`: changes one value and leaves the rest of the file as it is. */
export async function set(
  name: string,
  key: string | undefined,
  value: string | undefined,
  options: ProfileOptions & { unset?: string },
): Promise<void> {
  const { unset } = options;
  if (unset === undefined ? key === undefined || value === undefined : key !== undefined) {
    throw new UsageError('set: give a key and a value, or --unset and a key');
  }
  const opened = await openProfile(await directoryOf(options), name);
  const { value: given, problems } = readYaml(opened.text, opened.path);
  if (given === undefined || problems.length > 0) throw ConfigError.of(problems);
  const kind = valueAt(given, ['kind']) === 'controls' ? 'controls' : 'conference';
  const path = pathOf(kind, unset ?? key ?? '');
  const text =
    unset === undefined
      ? setInText(opened.text, path, parseSetting(kind, path, value ?? ''))
      : without(opened.text, path);
  if (text === opened.text) {
    process.stdout.write(`${opened.path}: unchanged\n`);
    return;
  }
  const judged = judge(opened, text);
  if (!judged.ok) throw ConfigError.of(judged.problems);
  await putInPlace(opened, text, judged);
}

function without(text: string, path: readonly string[]): string {
  if (!hasInText(text, path)) throw new UsageError(`${path.join('.')} is not set in this file`);
  return unsetInText(text, path);
}
