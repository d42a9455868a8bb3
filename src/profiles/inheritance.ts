import { didYouMean } from '../base/nearest.ts';
import type { Problem } from '../yaml/yaml-document.ts';
import type { OwnProfile } from './profile-file.ts';
import { entriesOf, isMap } from './profile-keys.ts';

/** More would be a mistake, and checking thousands of long chains would keep the controller from its calls. */
const MAX_LINEAGE = 16;

/** A profile and those whose values count where it has none: itself first, the root of all last. */
export type Lineage = readonly [OwnProfile, ...OwnProfile[]];

export type FoundLineage = { ok: true; lineage: Lineage } | { ok: false; problem: Problem | null };

/**
 * Follows `extends`.
 * @param profiles the profiles without mistakes of their own, by name
 * @param known names of all files
 * @returns the problem at the `extends` of this very profile; null if the mistake is in another file, and told there
 */
export function lineageOf(
  own: OwnProfile,
  profiles: ReadonlyMap<string, OwnProfile>,
  known: ReadonlySet<string>,
): FoundLineage {
  const lineage: [OwnProfile, ...OwnProfile[]] = [own];
  for (let last = own; last.extends !== null; ) {
    const problem = (message: string): FoundLineage => ({
      ok: false,
      problem: last === own ? atExtends(own, message) : null,
    });
    const parent = profiles.get(last.extends);
    if (!parent) {
      if (known.has(last.extends)) return { ok: false, problem: null };
      return problem(`no profile "${last.extends}"${didYouMean(last.extends, [...known])}`);
    }
    if (parent.kind !== last.kind) {
      return problem(`"${parent.name}" is a ${parent.kind} profile, and this is a ${last.kind} profile`);
    }
    if (lineage.includes(parent)) return { ok: false, problem: circle(lineage, parent) };
    if (lineage.length === MAX_LINEAGE) {
      return { ok: false, problem: atExtends(own, `extends more than ${MAX_LINEAGE - 1} profiles in a row`) };
    }
    lineage.push(parent);
    last = parent;
  }
  return { ok: true, lineage };
}

/** Told at each of those who are part of it, but not at those who only lead there. */
function circle(lineage: Lineage, again: OwnProfile): Problem | null {
  const [own] = lineage;
  if (again !== own) return null;
  const names = [...lineage, again].map(({ name }) => name);
  const message = names.length === 2 ? 'a profile cannot extend itself' : `goes in a circle: ${names.join(' -> ')}`;
  return atExtends(own, message);
}

function atExtends({ file, locate }: OwnProfile, message: string): Problem {
  return { file, ...locate(['extends']), path: 'extends', message };
}

/** The values of a profile before defaults, and the profile of the lineage that each value is from, by path. */
export type Inherited = { values: Record<string, unknown>; origins: ReadonlyMap<string, OwnProfile> };

/** Values of their own win over inherited ones; maps are merged, lists and single values replaced. */
export function inherit(lineage: Lineage): Inherited {
  const [own] = lineage;
  let values: Record<string, unknown> = {};
  const origins = new Map<string, OwnProfile>();
  for (const profile of lineage.toReversed()) {
    const { takenAway } = profile;
    values = overlay(values, { takenAway, values: profile === own ? profile.values : inheritable(profile.values) });
    for (const path of takenAway) origins.delete(originKey(path));
    for (const { path } of entriesOf(profile.kind, profile.values)) origins.set(originKey(path), profile);
  }
  return { values: own.kind === 'controls' ? withoutNone(values) : values, origins };
}

/** Values over others: maps are merged, lists and single values replaced, and what is taken away is not there. */
export function overlay(
  below: Readonly<Record<string, unknown>>,
  { values, takenAway }: Pick<OwnProfile, 'values' | 'takenAway'>,
): Record<string, unknown> {
  return merge(takenAway.reduce(without, below), values);
}

/** Paths have keys such as `#` in them, but never a line break. */
export function originKey(path: readonly (string | number)[]): string {
  return path.join('\n');
}

/** A description is about one profile. */
function inheritable({ extends: _extends, description: _description, ...rest }: OwnProfile['values']) {
  return rest;
}

function merge(
  below: Readonly<Record<string, unknown>>,
  above: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const inherited = merged[name];
    merged[name] = isMap(value) && isMap(inherited) ? merge(inherited, value) : value;
  }
  return merged;
}

function without(
  values: Readonly<Record<string, unknown>>,
  [name = '', ...rest]: readonly string[],
): Record<string, unknown> {
  const { [name]: inner, ...others } = values;
  return rest.length > 0 && isMap(inner) ? { ...others, [name]: without(inner, rest) } : others;
}

/** A key with the action `none` is as if it were not there; were it, a caller would wait for it. */
function withoutNone(values: Record<string, unknown>): Record<string, unknown> {
  const { keys } = values;
  if (!isMap(keys)) return values;
  const kept = Object.entries(keys).filter(([, actions]) => [actions].flat().some((action) => action !== 'none'));
  return { ...values, keys: Object.fromEntries(kept) };
}
