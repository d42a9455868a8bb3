import type { Controls, Settings } from '../conference/model/conference.ts';
import { flagChanges } from '../conference/model/flags.ts';
import type { ConferenceSettings } from '../conference/model/settings.ts';
import { parseAction } from '../dtmf/actions/catalogue.ts';
import { type PromptName, promptMedia } from '../prompts/catalogue.ts';
import { type ConferenceProfile, conferenceProfileSchema } from './conference-schema.ts';
import { type ControlsProfile, controlsProfileSchema } from './controls-schema.ts';

/** Checked profiles as conferences run by them: the texts in them become values here, once. */
export function settingsOf(
  profileName: string,
  profile: ConferenceProfile,
  controls: ControlsProfile,
  adminControls: ControlsProfile,
): Settings {
  return {
    profileName,
    profile: conferenceSettingsOf(profile),
    controls: controlsOf(controls),
    adminControls: controlsOf(adminControls),
  };
}

/** For a conference that is already running when its profile has been removed: every key at its default. */
export function standardSettings(): Settings {
  const controls = controlsProfileSchema.parse({ kind: 'controls' });
  return settingsOf('(defaults)', conferenceProfileSchema.parse({ kind: 'conference' }), controls, controls);
}

function conferenceSettingsOf({ flags, access, sound, ...profile }: ConferenceProfile): ConferenceSettings {
  const prompts = Object.entries(sound.prompts) as [PromptName, string | readonly string[]][];
  return {
    ...profile,
    flags: flagChanges(flags),
    access: { ...access, adminFlags: flagChanges(access.adminFlags) },
    sound: {
      ...sound,
      prompts: Object.fromEntries(
        prompts.map(([name, media]) => [name, media === 'none' ? [] : promptMedia(name, [media].flat())]),
      ),
    },
  };
}

/** A controls profile as conferences run by it. */
export function controlsOf({ pauseSeconds, passThrough, keys }: ControlsProfile): Controls {
  return {
    pauseSeconds,
    passThrough,
    keys: Object.fromEntries(
      Object.entries(keys).map(([sequence, texts]) => [sequence, [texts].flat().flatMap(actionOf)]),
    ),
  };
}

/** `none` only takes a key from an inherited profile. */
function actionOf(text: string) {
  const parsed = parseAction(text);
  return parsed.ok && parsed.name !== 'none' ? [parsed.action] : [];
}
