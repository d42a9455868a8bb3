import { fillTemplate, PROMPT_NAMES, PROMPTS, type PromptMedia, type PromptName, promptMedia } from './catalogue.ts';
import { type Media, parseMedia } from './media.ts';

/** Sounds in the order in which they are to be heard, and the language and voice of what is spoken. */
export type Sounds = { readonly media: readonly Media[]; readonly language: string; readonly voice: string | null };

/** The name of a variant of a voice, such as `f2` of espeak-ng. */
export const VOICE = /^[A-Za-z][A-Za-z0-9]{0,31}$/;

/** The sound settings of a profile, as far as prompts need them. */
export type SoundSettings = {
  readonly language: string;
  readonly voice?: string | undefined;
  /** Directory of sounds that are named without one. */
  readonly prefix: string;
  /** Prompts that differ from the standard ones; without any media, a prompt is silent. */
  readonly prompts: Readonly<Partial<Record<PromptName, readonly PromptMedia[]>>>;
};

const STANDARD = Object.fromEntries(
  PROMPT_NAMES.map((name) => [name, promptMedia(name, PROMPTS[name].standard)]),
) as Record<PromptName, readonly PromptMedia[]>;

/** The sounds of prompts one after the other, as the profile has them; none where it has them silent. */
export function promptSounds(
  names: readonly PromptName[],
  settings: SoundSettings,
  values: Readonly<Record<string, string | number>> = {},
): Sounds {
  const media = names
    .flatMap((name) => settings.prompts[name] ?? STANDARD[name])
    .flatMap((each) => fillTemplate(each, values) ?? []);
  return soundsOf(media, settings);
}

/** Sounds of texts that are known to be media. */
export function mediaSounds(texts: readonly string[], settings: SoundSettings): Sounds {
  const media = texts.flatMap((text): Media[] => {
    const parsed = parseMedia(text, { allowAbsolute: true });
    return parsed.ok ? [parsed.media] : [];
  });
  return soundsOf(media, settings);
}

function soundsOf(media: readonly Media[], { language, voice, prefix }: SoundSettings): Sounds {
  return { media: media.map((each) => withPrefix(each, prefix)), language, voice: voice ?? null };
}

function withPrefix(media: Media, prefix: string): Media {
  if (media.type !== 'sound' || prefix === '' || media.name.includes('/')) return media;
  return { ...media, name: `${prefix.replace(/\/$/, '')}/${media.name}` };
}
