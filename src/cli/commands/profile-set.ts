import { parseDocument } from 'yaml';
import { nearest } from '../../base/nearest.ts';
import { ConfigError } from '../../config/errors.ts';
import { hasInText, setInText, unsetInText } from '../../config/profile-text.ts';
import { findKey, isSection, PROFILE_KEYS, type ProfileKind, valueAt } from '../../profiles/profile-keys.ts';
import { readYaml } from '../../yaml/yaml-document.ts';
import { UsageError } from '../options/errors.ts';
import { directoryOf, type ProfileOptions } from './profile.ts';
import { judge, openProfile, putInPlace } from './profile-change.ts';

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
      ? setInText(opened.text, path, parseValue(kind, path, value ?? ''))
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

function pathOf(kind: ProfileKind, dotted: string): string[] {
  const path = dotted.split('.');
  if (findKey(kind, path)) return path;
  const all = PROFILE_KEYS[kind].map((key) => key.path.join('.'));
  if (!isSection(kind, path)) {
    const meant = nearest(dotted, all);
    const hint = meant === null ? '"rostrum profile show" lists them' : `did you mean "${meant}"?`;
    throw new UsageError(`a ${kind} profile has no key "${dotted}"; ${hint}`);
  }
  const below = all.filter((each) => each.startsWith(`${dotted}.`));
  throw new UsageError(`"${dotted}" has no value of its own; there are ${below.join(', ')}`);
}

/**
 * The value that the words on a command line mean: text where a text is valid, unless they are in brackets or quotes; else what
 * they are in YAML; else a list of one. If all is wrong, they are taken as YAML, and the check of the file says why.
 */
function parseValue(kind: ProfileKind, path: readonly string[], words: string): unknown {
  const key = findKey(kind, path);
  const schema = (path.length > (key?.path.length ?? 0) ? key?.entry : null) ?? key?.schema;
  const document = parseDocument(words, { prettyErrors: false });
  const isYaml = document.errors.length === 0;
  const yaml: unknown = isYaml ? document.toJS() : words;
  const quoted = isYaml && /^[[{"']/.test(words);
  if (yaml === null && words !== '' && (key?.optional || key?.entry) && words === 'null') return null;
  const candidates = quoted ? [yaml] : [words, yaml, [yaml]];
  const fitting = candidates.filter((candidate) => schema?.safeParse(candidate).success);
  return fitting.length > 0 ? fitting[0] : yaml;
}
