import { fillPlaceholders, PROMPTS, type PromptName } from './catalogue.ts';
import { type Media, parseMedia } from './media.ts';

/** Sounds in the order in which they are to be heard, and the language and voice of what is spoken. */
export type Sounds = { readonly media: readonly Media[]; readonly language: string; readonly voice: string | null };

/** What a profile says about sound, as far as prompts need it. */
export type SoundSettings = {
  readonly language: string;
  readonly voice?: string | undefined;
  /** Directory of sounds that are named without one. */
  readonly prefix: string;
  readonly prompts: Readonly<Partial<Record<PromptName, string | readonly string[]>>>;
};

/** The sounds of prompts one after the other, as the profile has them; none where it has them silent. */
export function promptSounds(
  names: readonly PromptName[],
  settings: SoundSettings,
  values: Readonly<Record<string, string | number>> = {},
): Sounds {
  const texts = names.flatMap((name) => {
    const own = settings.prompts[name] ?? PROMPTS[name].standard;
    if (own === 'none') return [];
    return typeof own === 'string' ? [own] : own;
  });
  return mediaSounds(
    texts.map((text) => fillPlaceholders(text, values)),
    settings,
  );
}

/** Sounds of texts that are known to be media. */
export function mediaSounds(texts: readonly string[], { language, voice, prefix }: SoundSettings): Sounds {
  const media = texts.flatMap((text): Media[] => {
    const parsed = parseMedia(text, { allowAbsolute: true });
    return parsed.ok ? [withPrefix(parsed.media, prefix)] : [];
  });
  return { media, language, voice: voice ?? null };
}

function withPrefix(media: Media, prefix: string): Media {
  if (media.type !== 'sound' || prefix === '' || media.name.includes('/')) return media;
  return { ...media, name: `${prefix.replace(/\/$/, '')}/${media.name}` };
}
