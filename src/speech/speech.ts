import { createHash } from 'node:crypto';
import type { Logger } from 'winston';
import type { ToneStep } from '../audio/tones.ts';
import { runEngine } from './engine.ts';
import { SpeechError } from './errors.ts';
import { renderSpeech, renderToneFiles } from './render.ts';
import { SoundCache, type SoundFiles } from './sound-cache.ts';
import { Turns } from './turns.ts';
import { MAX_TEXT_CHARACTERS, plainText, voiceName } from './voice.ts';
import { parseWav } from './wav.ts';

/** A part of the cache key. It must be incremented whenever the same text would become another file. */
const FORMAT_VERSION = 1;
const TIMEOUT_MS = 20_000;
const MAX_CACHE_BYTES = 200_000_000;
/** This is slower than espeak-ng's 175, since a phone's band makes speech harder to follow. */
const RATE_WPM = 160;
const MIN_RATE_WPM = 80;
const MAX_RATE_WPM = 450;
/** The limit leaves CPU time for the media: one text costs 0.1 s of one CPU. */
const ENGINES_AT_ONCE = 2;
const MAX_WAITING = 200;

export type SpeechOptions = {
  /** The words that run espeak-ng; see `scripts/debian-program`. */
  readonly command: readonly string[];
  /** The directory of the files; absolute, without a comma, made at the first use. Asterisk must be able to read it. */
  readonly directory: string;
  readonly maxCacheBytes?: number;
  /** The time for one text, including the wait for others. */
  readonly timeoutMs?: number;
};

/** The voice of a text. */
export type Manner = {
  /** A language of Asterisk or espeak-ng: `en` (the default), `de`, `en_GB`, `pt-br`. */
  readonly language?: string;
  /** One of espeak-ng's speakers, such as `f2`. */
  readonly voice?: string;
  /** Words a minute, 80 to 450. */
  readonly rateWpm?: number;
  /** Whether the files are kept until this process ends, however old they get. */
  readonly pinned?: boolean;
};

/**
 * Makes texts and tones into sound files for Asterisk, once each: `sound:<path>` plays them, from `<path>.wav16` where
 * the call is wideband and from `<path>.wav` otherwise. Speech has an active level of -20 dBov.
 */
export class Speech {
  readonly #options: SpeechOptions;
  readonly #logger: Logger | undefined;
  readonly #cache: SoundCache;
  readonly #turns = new Turns({ atOnce: ENGINES_AT_ONCE, maxWaiting: MAX_WAITING });
  /** Sounds being made, by key. Bounded by the turns. */
  readonly #making = new Map<string, Promise<string>>();

  constructor(options: SpeechOptions, deps: { logger?: Logger } = {}) {
    this.#options = options;
    this.#logger = deps.logger;
    const maxBytes = options.maxCacheBytes ?? MAX_CACHE_BYTES;
    this.#cache = new SoundCache({ directory: options.directory, maxBytes });
  }

  /**
   * The text is spoken as it is: nothing in it is an option, a command or markup.
   * @returns an absolute path without extension
   * @throws SpeechError
   */
  async soundFor(text: string, manner: Manner = {}): Promise<string> {
    if (text.length > MAX_TEXT_CHARACTERS) {
      const message = `a text to speak has at most ${MAX_TEXT_CHARACTERS} characters, this one ${text.length}`;
      throw new SpeechError('text-too-long', message);
    }
    const plain = plainText(text);
    if (plain === '') throw new SpeechError('speech-failed', 'the text has nothing that can be spoken');
    const voice = voiceName(manner.language ?? 'en', manner.voice ?? '');
    const rateWpm = manner.rateWpm ?? RATE_WPM;
    if (!(rateWpm >= MIN_RATE_WPM && rateWpm <= MAX_RATE_WPM)) {
      throw new SpeechError('speech-failed', `a rate is ${MIN_RATE_WPM} to ${MAX_RATE_WPM} words a minute`);
    }
    const deadlineMs = performance.now() + (this.#options.timeoutMs ?? TIMEOUT_MS);
    const make = () => this.#speak(plain, voice, Math.round(rateWpm), deadlineMs);
    return this.#cached(['speech', plain, voice, Math.round(rateWpm)], manner.pinned ?? false, make);
  }

  /**
   * Tones one after the other; a step without a frequency is silence.
   * @returns an absolute path without extension
   * @throws SpeechError `speech-failed`
   */
  async soundForTones(steps: readonly ToneStep[]): Promise<string> {
    const identity = ['tones', ...steps.map(({ frequenciesHz, durationMs }) => [frequenciesHz, durationMs])];
    return this.#cached(identity, false, async () => renderToneFiles(steps));
  }

  async #cached(identity: readonly unknown[], pinned: boolean, make: () => Promise<SoundFiles>): Promise<string> {
    const key = createHash('sha256')
      .update(JSON.stringify([FORMAT_VERSION, ...identity]))
      .digest('hex')
      .slice(0, 32);
    if (pinned) this.#cache.pin(key);
    const underWay = this.#making.get(key);
    if (underWay) return underWay;
    const made = this.#findOrMake(key, make);
    this.#making.set(key, made);
    const forget = () => this.#making.delete(key);
    made.then(forget, forget);
    return made;
  }

  async #findOrMake(key: string, make: () => Promise<SoundFiles>): Promise<string> {
    const found = await this.#cache.find(key);
    if (found !== null) return found;
    if (this.#turns.full) throw new SpeechError('speech-failed', 'too many texts wait to be spoken');
    return this.#turns.run(async () => {
      const files = await make();
      const path = await this.#cache.store(key, files).catch((cause: NodeJS.ErrnoException) => {
        const message = `cannot write sounds to ${this.#options.directory} (${cause.code})`;
        throw new SpeechError('speech-failed', message, { cause });
      });
      this.#logger?.debug('sound made', { path });
      return path;
    });
  }

  async #speak(text: string, voice: string, rateWpm: number, deadlineMs: number): Promise<SoundFiles> {
    // The wait for a turn counts, so that hanging engines delay no text for long.
    const timeoutMs = Math.ceil(deadlineMs - performance.now());
    if (timeoutMs <= 0) throw new SpeechError('speech-failed', 'the speech engine is too slow');
    const spoken = parseWav(await runEngine({ command: this.#options.command, voice, rateWpm, text, timeoutMs }));
    if (!spoken) throw new SpeechError('speech-failed', 'the speech engine made no WAV file of 16 bits, mono');
    return renderSpeech(spoken);
  }
}
