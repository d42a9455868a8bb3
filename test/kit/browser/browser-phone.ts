import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncryptedPhone } from '../other-phones/other-phone.ts';
import { writeVoiceWav } from '../other-phones/voice-files.ts';
import { Chromium } from './chromium.ts';

const PAGE = new URL('phone.html', import.meta.url).href;
const SHORT_MS = 100;
const LONG_MS = 600;

export type BrowserPhoneOptions = {
  /** Where the browser reaches Asterisk, and the domain of the conference. */
  readonly url: string;
  readonly host: string;
  readonly user: string;
  readonly password: string;
  /** The only certificate that is believed although no authority has signed it: the hash of its key, in base64. */
  readonly pin: string;
};

/** A page in Chromium that speaks SIP over WebSocket. Its microphone is a file; what it hears is judged by WebAudio. */
export class BrowserPhone implements EncryptedPhone {
  readonly #browser: Chromium;
  readonly #directory: string;
  readonly #options: BrowserPhoneOptions;

  private constructor(browser: Chromium, directory: string, options: BrowserPhoneOptions) {
    this.#browser = browser;
    this.#directory = directory;
    this.#options = options;
  }

  static async start(options: BrowserPhoneOptions): Promise<BrowserPhone> {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-browser-'));
    const voice = join(directory, 'voice.wav');
    await writeVoiceWav(voice);
    const browser = await Chromium.start(PAGE, [
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${voice}`,
      `--ignore-certificate-errors-spki-list=${options.pin}`,
    ]);
    return new BrowserPhone(browser, directory, options);
  }

  dial(number: string): Promise<void> {
    const { url, host, user, password } = this.#options;
    return this.#browser.evaluate(`phone.dial(${JSON.stringify({ url, host, user, password, number })})`);
  }

  press(key: string): Promise<void> {
    return this.#browser.evaluate(`phone.press('${key}', ${SHORT_MS})`);
  }

  pressLong(key: string): Promise<void> {
    return this.#browser.evaluate(`phone.press('${key}', ${LONG_MS})`);
  }

  hears(freqHz: number): Promise<number> {
    return this.#browser.evaluate(`phone.hears(${freqHz})`);
  }

  /** What the browser's own statistics say. */
  encryption(): Promise<{ dtlsState: string; srtpCipher: string }> {
    return this.#browser.evaluate('phone.encryption()');
  }

  hangUp(): Promise<void> {
    return this.#browser.evaluate('phone.hangUp()');
  }

  async stop(): Promise<void> {
    await this.#browser.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
