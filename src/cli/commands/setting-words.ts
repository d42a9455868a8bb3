import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from '../../base/nearest.ts';
import { findKey, isSection, PROFILE_KEYS, type ProfileKind } from '../../profiles/profile-keys.ts';
import { UsageError } from '../options/errors.ts';

/** Settings as words of a command line. */

/**
 * The path of a setting of a profile.
 * @param others further words that may have been meant
 * @throws UsageError if there is none, or if it is a section
 */
export function pathOf(kind: ProfileKind, dotted: string, others: readonly string[] = []): string[] {
  const path = dotted.split('.');
  if (findKey(kind, path)) return path;
  const all = PROFILE_KEYS[kind].map((key) => key.path.join('.'));
  if (!isSection(kind, path)) {
    const hint = didYouMean(dotted, [...all, ...others]) || '; "rostrum profile show" lists them';
    throw new UsageError(`a ${kind} profile has no key "${dotted}"${hint}`);
  }
  const below = all.filter((each) => each.startsWith(`${dotted}.`));
  throw new UsageError(`"${dotted}" has no value of its own; there are ${below.join(', ')}`);
}

/** The value of a setting of a profile that words mean: see `parseWords`. */
export function parseSetting(kind: ProfileKind, path: readonly string[], words: string): unknown {
  const key = findKey(kind, path);
  const schema = (path.length > (key?.path.length ?? 0) ? key?.entry : null) ?? key?.schema;
  return parseWords(schema, words, Boolean(key?.optional || key?.entry));
}

/**
 * The value that the words on a command line mean: text where a text is valid, unless they are in brackets or quotes; else what
 * they are in YAML; else a list of one. If all is wrong, they are taken as YAML, and the check of the file says why.
 * @param mayBeNull whether `null` takes away what is inherited
 */
export function parseWords(schema: z.ZodType | undefined, words: string, mayBeNull: boolean): unknown {
  const document = parseDocument(words, { prettyErrors: false });
  const isYaml = document.errors.length === 0;
  const yaml: unknown = isYaml ? document.toJS() : words;
  const quoted = isYaml && /^[[{"']/.test(words);
  if (yaml === null && mayBeNull && words === 'null') return null;
  const candidates = quoted ? [yaml] : [words, yaml, [yaml]];
  const fitting = candidates.filter((candidate) => schema?.safeParse(candidate).success);
  return fitting.length > 0 ? fitting[0] : yaml;
}
