import type { AriChannel, AriPort } from '../../ari/port.ts';
import { openingWords } from '../../conference-table/opening-words.ts';
import type { Closed } from '../../conference-table/settings-book.ts';
import type { PromptName } from '../../prompts/catalogue.ts';
import { promptSounds, type SoundSettings } from '../../prompts/prompt-sounds.ts';
import { type ChannelObserver, giveBack } from '../asterisk/channels.ts';
import type { Prompter } from '../sounds/prompter.ts';
import type { Anchors } from './anchors.ts';

/** Why a caller may not come in. */
export type Refusal = {
  /** For the dialplan, in ROSTRUM_RESULT. */
  readonly result: string;
  readonly prompt: PromptName;
  /** Of the placeholders of the prompt. */
  readonly values?: Readonly<Record<string, string | number>>;
};

export type RefusalsDeps = {
  ari: Pick<AriPort, 'setVariable' | 'continueInDialplan'>;
  anchors: Pick<Anchors, 'ensure'>;
  prompter: Pick<Prompter, 'playTo'>;
};

/** Callers who are refused: each hears why, before the call is answered if it is not, and goes back to the dialplan. */
export class Refusals implements ChannelObserver {
  readonly #deps: RefusalsDeps;
  /** By channel id. Bounded by the calls of Asterisk. */
  readonly #refused = new Set<string>();

  constructor(deps: RefusalsDeps) {
    this.#deps = deps;
  }

  /** Whether a call is being refused. */
  has(channelId: string): boolean {
    return this.#refused.has(channelId);
  }

  /**
   * Refuses a call.
   * @param sound how prompts sound
   * @param settled receives that the caller can hear, or why not
   * @returns when the dialplan has the call. Rejects with an `AriError`; then it is as if nothing had been decided
   */
  async refuse(
    channel: AriChannel,
    sound: SoundSettings,
    refusal: Refusal,
    settled: (error: unknown) => void = () => {},
  ): Promise<void> {
    this.#refused.add(channel.id);
    try {
      await this.#sayWhy(channel, sound, refusal, settled);
      await giveBack(channel.id, refusal.result, this.#deps);
    } catch (error) {
      this.#refused.delete(channel.id);
      throw error;
    }
  }

  channelGone(channelId: string): void {
    this.#refused.delete(channelId);
  }

  /** Forgets calls that Asterisk does not have any more. */
  resync(living: ReadonlySet<string>): void {
    for (const channelId of this.#refused) if (!living.has(channelId)) this.#refused.delete(channelId);
  }

  /** A caller is not kept because a prompt cannot be played. Never rejects. */
  async #sayWhy(
    channel: AriChannel,
    sound: SoundSettings,
    { prompt, values }: Refusal,
    settled: (error: unknown) => void,
  ): Promise<void> {
    const { anchors, prompter } = this.#deps;
    const sounds = promptSounds([prompt], sound, values);
    if (sounds.media.length === 0) return;
    try {
      await anchors.ensure(channel);
      settled(null);
      const { ended } = await prompter.playTo(channel.id, sounds, false);
      await ended;
    } catch (error) {
      settled(error);
    }
  }
}

/**
 * What becomes of a call to a conference that is closed.
 * @param language of the prompt
 * @param wallMs since 1970, by the wall clock
 */
export function refusalOf(closed: Closed, language: string, wallMs: number): Refusal {
  switch (closed.why) {
    case 'unlisted':
      return { result: 'UNLISTED', prompt: 'bad-conference' };
    case 'early': {
      const values = openingWords(closed.opensMs, closed.zone, language, wallMs);
      return { result: 'CLOSED', prompt: 'not-open', values };
    }
    case 'over':
      return { result: 'CLOSED', prompt: 'over' };
  }
}
