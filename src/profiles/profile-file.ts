import type { z } from 'zod';
import { PROFILE_NAME } from '../conference/model/join-arguments.ts';
import { byPosition, type Locate, type Problem, problemsOf, readYaml, type YamlText } from '../yaml/yaml-document.ts';
import { conferenceProfileSchema } from './conference-schema.ts';
import { controlsProfileSchema } from './controls-schema.ts';
import { findKey, isMap, isSection, type ProfileKind, profileSchema } from './profile-keys.ts';

/** A profile file as read: its name is the profile's name. */
export type ProfileFile = {
  readonly path: string;
  readonly name: string;
} & ({ readonly text: string } | { readonly unreadable: Problem });

/** The values of a profile file by itself: without defaults, and nothing inherited. */
export type OwnProfile = {
  readonly file: string;
  readonly name: string;
  readonly kind: ProfileKind;
  readonly extends: string | null;
  readonly values: Readonly<Record<string, unknown>>;
  /** The paths that are `null` here, so that inherited values for them do not count. */
  readonly takenAway: readonly (readonly string[])[];
  readonly locate: Locate;
};

export type ParsedProfileFile = { ok: true; own: OwnProfile } | { ok: false; problems: Problem[] };

const SCHEMAS: Record<ProfileKind, z.ZodType> = {
  conference: conferenceProfileSchema,
  controls: controlsProfileSchema,
};

/** Parses one profile file by itself, and reports every mistake that can be seen without the others. */
export function parseProfileFile(source: ProfileFile): ParsedProfileFile {
  const { path: file, name } = source;
  const fail = (...problems: Problem[]): ParsedProfileFile => ({ ok: false, problems });
  if (!PROFILE_NAME.test(name)) {
    return fail({ file, line: 1, column: 1, path: '', message: 'the file name is not a valid profile name' });
  }
  if ('unreadable' in source) return fail(source.unreadable);

  const yaml = readYaml(source.text, file);
  const { locate } = yaml;
  const given = yaml.value ?? {};
  if (yaml.value === undefined) return fail(...yaml.problems);
  if (!isMap(given)) {
    return fail({ file, ...locate([]), path: '', message: 'a profile has keys, such as kind: conference' });
  }
  const kind: ProfileKind = given['kind'] === 'controls' ? 'controls' : 'conference';
  const { values, takenAway, problems: wrong } = readValues(given, kind, yaml, file);
  const problems = [...yaml.problems, ...commentedKeys(source.text, file), ...wrong];
  if (problems.length > 0) return fail(...problems.sort(byPosition));
  const parent = typeof values['extends'] === 'string' ? values['extends'] : null;
  return { ok: true, own: { file, name, kind, extends: parent, values, takenAway, locate } };
}

/**
 * The values of a profile as they are written, and every mistake in them by themselves.
 * @param known the keys that may stand there, if not only those of the profile
 */
export function readValues(
  given: Record<string, unknown>,
  kind: ProfileKind,
  yaml: Pick<YamlText, 'locate' | 'isEmpty'>,
  file: string,
  known: z.ZodType = SCHEMAS[kind],
): Pick<OwnProfile, 'values' | 'takenAway'> & { problems: Problem[] } {
  const { values, takenAway, problems } = withoutNulls(given, kind, yaml, file);
  const result = profileSchema.safeParse(values);
  if (!result.success) problems.push(...problemsOf(result.error, { schema: known, file, locate: yaml.locate }));
  return { values, takenAway, problems };
}

/**
 * A section with nothing in it says nothing; `null` takes away what is inherited, where nothing may count; and a key
 * after which something was forgotten is a mistake.
 */
function withoutNulls(
  given: Record<string, unknown>,
  kind: ProfileKind,
  yaml: Pick<YamlText, 'locate' | 'isEmpty'>,
  file: string,
) {
  const takenAway: string[][] = [];
  const problems: Problem[] = [];
  const strip = (map: Record<string, unknown>, above: readonly string[]): Record<string, unknown> => {
    const kept: [string, unknown][] = [];
    for (const [name, value] of Object.entries(map)) {
      const path = [...above, name];
      const key = findKey(kind, path);
      const section = isSection(kind, path);
      if (section && isMap(value)) kept.push([name, strip(value, path)]);
      else if (value !== null || !(section || key)) kept.push([name, value]);
      else if (section) continue;
      else if (yaml.isEmpty(path)) {
        problems.push({ file, ...yaml.locate(path), path: path.join('.'), message: 'has no value' });
      } else if (key?.optional || key?.entry) takenAway.push(path);
      else kept.push([name, value]);
    }
    return Object.fromEntries(kept);
  };
  return { values: strip(given, []), takenAway, problems };
}

/** `#: hangup` is a comment to YAML, and the key would be missing without a word. */
function commentedKeys(text: string, file: string): Problem[] {
  return text.split('\n').flatMap((line, index): Problem[] => {
    const [, space] = /^(\s*)#:(?:\s|$)/.exec(line) ?? [];
    if (space === undefined) return [];
    const message = 'this line is a comment; a key that begins with # needs quotes: "#"';
    return [{ file, line: index + 1, column: space.length + 1, path: '', message }];
  });
}
