import { didYouMean } from '../base/nearest.ts';
import type { ConferenceProfile } from '../profiles/conference-schema.ts';
import { valueAt } from '../profiles/profile-keys.ts';
import type { Profiles } from '../profiles/profiles.ts';
import type { Problem } from '../yaml/yaml-document.ts';
import type { TableEntry } from './conference-table.ts';
import { mostOf, type ParsedTable, problemIn } from './parse-table.ts';

type Mistake = { readonly path: readonly string[]; readonly message: string };

/**
 * Finds the mistakes of a table that only the profiles show, in steps.
 * @param file the name to show in problems
 */
export function* checking(
  { table, chunks }: ParsedTable & { ok: true },
  profiles: Profiles,
  file: string,
): Generator<void, Problem[]> {
  const withPins = [...profiles.conferences].filter(([, { access }]) => access.userPin ?? access.adminPin);
  const problems: Problem[] = [];
  for (const entry of table.entries.values()) {
    yield;
    const chunk = chunks.get(entry.number);
    if (!chunk) continue;
    const mistakes = [...missing(entry, profiles), ...clashes(entry, profiles, withPins)];
    problems.push(...mistakes.map(({ path, message }) => problemIn(chunk, file, path, message)));
  }
  return mostOf(problems, file);
}

function missing({ profileName, own }: TableEntry, { conferences, controls }: Profiles): Mistake[] {
  const mistakes: Mistake[] = [];
  if (profileName !== null && !conferences.has(profileName)) {
    mistakes.push({
      path: ['profile'],
      message: `no conference profile "${profileName}"${didYouMean(profileName, [...conferences.keys()])}`,
    });
  }
  for (const key of ['controls', 'adminControls']) {
    const name = own.values[key];
    if (typeof name === 'string' && !controls.has(name)) {
      mistakes.push({ path: [key], message: `no controls profile "${name}"${didYouMean(name, [...controls.keys()])}` });
    }
  }
  return mistakes;
}

/** A PIN that is also that of moderators, in the profile or in any that the dialplan may name. */
function clashes(
  { profileName, own }: TableEntry,
  { conferences }: Profiles,
  withPins: readonly (readonly [string, ConferenceProfile])[],
): Mistake[] {
  const key = ['userPin', 'adminPin'].find((name) => valueAt(own.values, ['access', name]) !== undefined);
  if (key === undefined) return [];
  const named = profileName === null ? undefined : conferences.get(profileName);
  const possible = profileName === null ? withPins : named ? [[profileName, named] as const] : [];
  const [userPin, adminPin] = ['userPin', 'adminPin'].map((name) => valueAt(own.values, ['access', name]));
  const [noUserPin, noAdminPin] = ['userPin', 'adminPin'].map((name) =>
    own.takenAway.some(([section, pin]) => section === 'access' && pin === name),
  );
  const clash = possible.find(([, { access }]) => {
    const user = noUserPin ? undefined : (userPin ?? access.userPin);
    return user !== undefined && !noAdminPin && user === (adminPin ?? access.adminPin);
  });
  if (!clash) return [];
  const other = key === 'userPin' ? 'adminPin' : 'userPin';
  const message = `the same as ${other} of profile "${clash[0]}": every caller would be a moderator`;
  return [{ path: ['access', key], message }];
}
