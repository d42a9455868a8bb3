import { allSteps } from '../base/all-steps.ts';
import { didYouMean } from '../base/nearest.ts';
import type { Settings } from '../conference/model/conference.ts';
import { type Problem, problemsOf } from '../yaml/yaml-document.ts';
import type { ConferenceProfile } from './conference-schema.ts';
import type { ControlsProfile } from './controls-schema.ts';
import { inherit, type Lineage, lineageOf, originKey } from './inheritance.ts';
import { type OwnProfile, type ProfileFile, parseProfileFile } from './profile-file.ts';
import { profileSchema } from './profile-keys.ts';
import { settingsOf } from './settings.ts';

/** All profiles of a node, checked, by name. */
export type Profiles = {
  /** As they are written, inherited values and defaults included. */
  readonly conferences: ReadonlyMap<string, ConferenceProfile>;
  readonly controls: ReadonlyMap<string, ControlsProfile>;
  /** The settings of conferences, by the name of their profile. */
  readonly settings: ReadonlyMap<string, Settings>;
};

/** A profile with what it inherits, and where that is from. */
export type ResolvedProfile = {
  readonly name: string;
  readonly file: string;
  readonly profile: ConferenceProfile | ControlsProfile;
  /** The profiles that it extends, the nearest first. */
  readonly ancestors: readonly string[];
  /** The profile whose file has the value at this path; null where the default counts. */
  readonly origin: (path: readonly string[]) => string | null;
};

export type Resolved = { readonly profiles: Profiles; readonly resolved: ReadonlyMap<string, ResolvedProfile> };

/** `valid` has the profiles without mistakes, in themselves and in those that they extend. */
export type Resolution =
  | ({ readonly ok: true } & Resolved)
  | { readonly ok: false; readonly problems: Problem[]; readonly valid: Resolved };

/**
 * Parses all profile files together, because they refer to each other.
 * @returns the profiles, or every mistake in all of the files
 */
export function parseProfiles(files: readonly ProfileFile[]): Profiles | Problem[] {
  const resolution = resolveProfiles(files);
  return resolution.ok ? resolution.profiles : resolution.problems;
}

/** As `parseProfiles`, with where each value is from. */
export function resolveProfiles(files: readonly ProfileFile[]): Resolution {
  return allSteps(resolving(files));
}

/** As `resolveProfiles`, in steps: thousands of profiles take seconds. */
export function* resolving(files: readonly ProfileFile[]): Generator<void, Resolution> {
  const problems: Problem[] = [];
  const owns = new Map<string, OwnProfile>();
  for (const file of files) {
    yield;
    const parsed = parseProfileFile(file);
    if (parsed.ok) owns.set(parsed.own.name, parsed.own);
    else problems.push(...parsed.problems);
  }
  // A file with a mistake of its own is not also missing.
  const known = new Set(files.map(({ name }) => name));
  const resolved = new Map<string, ResolvedProfile>();
  for (const own of owns.values()) {
    yield;
    const found = lineageOf(own, owns, known);
    if (!found.ok) {
      if (found.problem) problems.push(found.problem);
      continue;
    }
    const result = resolve(found.lineage, owns, known);
    if (Array.isArray(result)) problems.push(...result);
    else resolved.set(own.name, result as ResolvedProfile);
  }
  const found = { profiles: yield* profilesOf(resolved), resolved };
  return problems.length === 0
    ? { ok: true, ...found }
    : { ok: false, problems: inOrder(problems, files), valid: found };
}

function resolve(
  lineage: Lineage,
  owns: ReadonlyMap<string, OwnProfile>,
  known: ReadonlySet<string>,
): ResolvedProfile | Problem[] {
  const [own, ...ancestors] = lineage;
  const { values, origins } = inherit(lineage);
  const origin = (path: readonly (string | number)[]) => origins.get(originKey(path));
  const parsed = profileSchema.safeParse(values);
  // Each value is valid by itself, so what is wrong now is how they go together.
  if (!parsed.success) {
    return parsed.error.issues.flatMap((issue) => {
      const { file, locate } = origin(issue.path as (string | number)[]) ?? own;
      return problemsOf({ issues: [issue] } as typeof parsed.error, { schema: profileSchema, file, locate });
    });
  }
  const profile = parsed.data;
  if (profile.kind === 'conference') {
    const missing = missingControls(profile, own, origin, owns, known);
    if (missing.length > 0) return missing;
  }
  return {
    name: own.name,
    file: own.file,
    profile,
    ancestors: ancestors.map(({ name }) => name),
    origin: (path) => origin(path)?.name ?? null,
  };
}

function missingControls(
  profile: ConferenceProfile,
  own: OwnProfile,
  origin: (path: readonly string[]) => OwnProfile | undefined,
  owns: ReadonlyMap<string, OwnProfile>,
  known: ReadonlySet<string>,
): Problem[] {
  return (['controls', 'adminControls'] as const).flatMap((key) => {
    const name = profile[key];
    if (name === undefined) return [];
    const found = owns.get(name);
    if (found ? found.kind === 'controls' : known.has(name)) return [];
    const { file, locate } = origin([key]) ?? own;
    const names = [...owns.values()].filter(({ kind }) => kind === 'controls').map((each) => each.name);
    return [{ file, ...locate([key]), path: key, message: `no controls profile "${name}"${didYouMean(name, names)}` }];
  });
}

/** As the files come, and none twice: those who inherit a mistake find it too. */
function inOrder(problems: readonly Problem[], files: readonly ProfileFile[]): Problem[] {
  const order = new Map(files.map(({ path }, index) => [path, index]));
  const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...distinct.values()].sort(
    (a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
  );
}

function* profilesOf(resolved: ReadonlyMap<string, ResolvedProfile>): Generator<void, Profiles> {
  const conferences = new Map<string, ConferenceProfile>();
  const controls = new Map<string, ControlsProfile>();
  for (const { name, profile } of resolved.values()) {
    if (profile.kind === 'conference') conferences.set(name, profile);
    else controls.set(name, profile);
  }
  const settings = new Map<string, Settings>();
  for (const [name, profile] of conferences) {
    yield;
    const keys = controls.get(profile.controls);
    const adminKeys = profile.adminControls ? controls.get(profile.adminControls) : keys;
    if (keys && adminKeys) settings.set(name, settingsOf(name, profile, keys, adminKeys));
  }
  return { conferences, controls, settings };
}
