import type { Logger } from 'winston';
import type { AriPort } from '../../ari/port.ts';
import type { Media } from '../../prompts/media.ts';
import type { Sounds } from '../../prompts/prompt-sounds.ts';
import { SpeechError } from '../../speech/errors.ts';
import type { Speech } from '../../speech/speech.ts';

/** Turns what is to be played into URIs that Asterisk understands, making speech and tones into files where needed. */
export class SoundLibrary {
  readonly #ari: Pick<AriPort, 'hasStoredRecording'>;
  readonly #speech: Speech;
  readonly #logger: Logger;
  /** A missing speech engine is logged once, not at every prompt. */
  #hasWarnedOfEngine = false;

  constructor(deps: { ari: Pick<AriPort, 'hasStoredRecording'>; speech: Speech; logger: Logger }) {
    this.#ari = deps.ari;
    this.#speech = deps.speech;
    this.#logger = deps.logger;
  }

  /**
   * @returns URIs in the same order; without those that could not be made, which are logged: a caller should rather miss
   *   a prompt than the conference
   */
  async uris({ media, language, voice }: Sounds): Promise<string[]> {
    const uris = await Promise.all(media.map((each) => this.#uri(each, language, voice)));
    return uris.filter((uri) => uri !== null);
  }

  async #uri(media: Media, language: string, voice: string | null): Promise<string | null> {
    try {
      switch (media.type) {
        case 'sound':
          return `sound:${media.name}`;
        case 'recording':
          return await this.#recordingUri(media.name);
        case 'number':
          return `number:${media.value}`;
        case 'digits':
          return `digits:${media.digits}`;
        case 'tone':
          return `sound:${await this.#speech.soundForTones(media.steps)}`;
        case 'silence':
          return `sound:${await this.#speech.soundForTones([{ frequenciesHz: [], durationMs: media.durationMs }])}`;
        case 'tts':
          return `sound:${await this.#speech.soundFor(media.text, { language, ...(voice && { voice }) })}`;
      }
    } catch (error) {
      this.#warn(error as Error);
      return null;
    }
  }

  /** Asterisk never reports the end of a recording that does not exist. */
  async #recordingUri(name: string): Promise<string | null> {
    if (await this.#ari.hasStoredRecording(name)) return `recording:${name}`;
    this.#logger.warn(`a prompt stays silent: there is no recording ${name}`);
    return null;
  }

  #warn(error: Error): void {
    const missing = error instanceof SpeechError && error.code === 'no-speech-engine';
    if (missing && this.#hasWarnedOfEngine) return;
    this.#hasWarnedOfEngine ||= missing;
    this.#logger.warn(`a prompt stays silent: ${error.message}`);
  }
}
