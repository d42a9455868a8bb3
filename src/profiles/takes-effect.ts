import { allSteps } from '../base/all-steps.ts';
import { equals } from '../base/equals.ts';
import type { ConferenceSettings } from '../conference/model/settings.ts';
import type { ConferenceProfile, TakesEffect } from './conference-schema.ts';
import type { ControlsProfile } from './controls-schema.ts';
import { entriesOf, isMap, PROFILE_KEYS, type ProfileKind, valueAt } from './profile-keys.ts';
import type { Profiles } from './profiles.ts';

/** A key whose value has changed, as a dotted path, and when that counts. */
export type KeyChange = { readonly key: string; readonly takesEffect: TakesEffect };

/** A change of a profile. A new or removed one has no changed keys. */
export type ProfileChange = {
  readonly kind: ProfileKind;
  readonly name: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly keys: readonly KeyChange[];
};

/** When a change counts, for people. */
export const TAKES_EFFECT_WORDS: Readonly<Record<TakesEffect, string>> = {
  live: 'at once',
  'next-conference': 'from the next conference on',
};

/** The keys in which two profiles of the same name and kind differ. Values are not told: some are secret. */
export function changedKeys(
  before: ConferenceProfile | ControlsProfile,
  after: ConferenceProfile | ControlsProfile,
): KeyChange[] {
  const kind = after.kind;
  const changes = new Map<string, KeyChange>();
  for (const { path, key } of [...entriesOf(kind, before), ...entriesOf(kind, after)]) {
    if (equals(valueAt(before, path), valueAt(after, path))) continue;
    changes.set(path.join('.'), { key: path.join('.'), takesEffect: key.takesEffect });
  }
  return [...changes.values()];
}

/** The changes between two sets of profiles. A profile whose kind has changed is removed and added. */
export function changedProfiles(before: Profiles, after: Profiles): ProfileChange[] {
  return allSteps(comparing(before, after));
}

/** As `changedProfiles`, in steps: thousands of profiles take long. */
export function* comparing(before: Profiles, after: Profiles): Generator<void, ProfileChange[]> {
  return [
    ...(yield* changesOfKind('conference', before.conferences, after.conferences)),
    ...(yield* changesOfKind('controls', before.controls, after.controls)),
  ];
}

function* changesOfKind<P extends ConferenceProfile | ControlsProfile>(
  kind: ProfileKind,
  before: ReadonlyMap<string, P>,
  after: ReadonlyMap<string, P>,
): Generator<void, ProfileChange[]> {
  const changes: ProfileChange[] = [];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    yield;
    const [old, now] = [before.get(name), after.get(name)];
    const keys = old && now ? changedKeys(old, now) : [];
    if (!now) changes.push({ kind, name, change: 'removed', keys });
    else if (!old) changes.push({ kind, name, change: 'added', keys });
    else if (keys.length > 0) changes.push({ kind, name, change: 'changed', keys });
  }
  return changes;
}

/**
 * The settings of a running conference after its profile has changed.
 * @param running the profile by which it runs
 * @param changed the profile as it is now
 */
export function mergeLive(running: ConferenceSettings, changed: ConferenceSettings): ConferenceSettings {
  const kept = PROFILE_KEYS.conference.filter(({ takesEffect }) => takesEffect === 'next-conference');
  return kept.reduce((merged, { path }) => withValue(merged, path, valueAt(running, path)) as typeof merged, changed);
}

/** A copy of a map with another value at the path; undefined takes the value away. */
function withValue(map: unknown, [name = '', ...rest]: readonly string[], value: unknown): object {
  const { [name]: inner, ...others } = isMap(map) ? map : {};
  if (rest.length > 0) return { ...others, [name]: withValue(inner, rest, value) };
  return value === undefined ? others : { ...others, [name]: value };
}
