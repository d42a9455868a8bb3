import type { Settings } from '../conference/conference.ts';
import { type FlagChanges, parseFlags } from '../conference/flags.ts';
import { type Problem, parseYaml } from '../config/yaml-document.ts';
import {
  type ConferenceProfile,
  type ControlsProfile,
  conferenceProfileSchema,
  controlsProfileSchema,
  PROFILE_NAME,
  profileSchema,
} from './schema.ts';

/** All profiles of a node, checked, by name. */
export type Profiles = {
  readonly conferences: ReadonlyMap<string, ConferenceProfile>;
  readonly controls: ReadonlyMap<string, ControlsProfile>;
};

/** A profile file as read: its name is the profile's name. */
export type ProfileFile = { path: string; name: string; text: string };

/**
 * Parses all profile files together, because they refer to each other.
 * @returns the profiles, or every mistake in all of the files
 */
export function parseProfiles(files: readonly ProfileFile[]): Profiles | Problem[] {
  const conferences = new Map<string, ConferenceProfile>();
  const controls = new Map<string, ControlsProfile>();
  const problems: Problem[] = [];
  const references: { file: string; line: number; column: number; name: string }[] = [];

  for (const { path, name, text } of files) {
    if (!PROFILE_NAME.test(name)) {
      problems.push({ file: path, line: 1, column: 1, path: '', message: 'the file name is not a valid profile name' });
      continue;
    }
    const parsed = parseYaml(profileSchema, text, path);
    if (!parsed.ok) problems.push(...parsed.problems);
    else if (parsed.value.kind === 'controls') controls.set(name, parsed.value);
    else {
      conferences.set(name, parsed.value);
      references.push({ file: path, ...parsed.locate(['controls']), name: parsed.value.controls });
    }
  }

  // A controls file with a mistake of its own is not also missing.
  const known = new Set(files.map((file) => file.name).filter((name) => !conferences.has(name)));
  for (const { name, ...at } of references) {
    if (!known.has(name)) problems.push({ ...at, path: 'controls', message: `no controls profile "${name}"` });
  }
  return problems.length > 0 ? problems : { conferences, controls };
}

/** The flags that a conference profile gives to everyone who joins. */
export function joinFlags(profile: ConferenceProfile): FlagChanges {
  const parsed = parseFlags(profile.flags);
  return parsed.ok ? parsed.changes : {};
}

/** What a conference with this profile runs by, or null if there is no such profile. */
export function findSettings(profiles: Profiles, profileName: string): Settings | null {
  const profile = profiles.conferences.get(profileName);
  const controls = profile && profiles.controls.get(profile.controls);
  return profile && controls ? { profileName, profile, controls } : null;
}

/** For a conference that is already running when its profile has been removed: every key at its default. */
export function standardSettings(): Settings {
  return {
    profileName: '(defaults)',
    profile: conferenceProfileSchema.parse({ kind: 'conference' }),
    controls: controlsProfileSchema.parse({ kind: 'controls' }),
  };
}
