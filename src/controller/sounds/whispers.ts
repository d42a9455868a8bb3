import { randomUUID } from 'node:crypto';
import type { AriPort } from '../../ari/port.ts';
import { Waiters } from '../../timing/waiters.ts';
import { endChannel } from '../asterisk/channels.ts';
import { WHISPER } from '../asterisk/dialplan.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';

/** For a whisper to enter the application; it takes milliseconds. */
const ENTER_TIMEOUT_MS = 2000;

type Whisper = { readonly whisperId: string; readonly made: Promise<void>; uses: number };

/** Channels whose sound is mixed into what a member hears, each for as long as it has something to play. */
export class Whispers {
  readonly #ari: AriPort;
  readonly #names: ObjectNames;
  readonly #whispers = new Map<string, Whisper>();
  /** Those that have not entered the application yet. */
  readonly #entering = new Waiters<void>();

  constructor(deps: { ari: AriPort; names: ObjectNames }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
  }

  /**
   * Gives a channel that whispers to another one.
   * @param key all that has the same key is played by one whisper, one after the other
   * @returns the id of the channel, and what must be called when it is not needed any more; rejects with an `AriError`
   */
  async to(channelId: string, key: string): Promise<{ whisperId: string; release: () => void }> {
    const known = this.#whispers.get(key);
    const whisper = known ?? this.#make(channelId);
    this.#whispers.set(key, whisper);
    whisper.uses++;
    const release = () => this.#release(key, whisper);
    try {
      await whisper.made;
    } catch (error) {
      release();
      throw error;
    }
    return { whisperId: whisper.whisperId, release };
  }

  /** Whether a channel is one of them, which ends when it has nothing more to play. */
  has(whisperId: string): boolean {
    return [...this.#whispers.values()].some((whisper) => whisper.whisperId === whisperId);
  }

  /** A whisper has entered the application. */
  entered(whisperId: string): void {
    this.#entering.settle(whisperId, undefined);
  }

  #make(channelId: string): Whisper {
    const whisperId = `${this.#names.application}-whisper-${randomUUID()}`;
    return { whisperId, made: this.#open(channelId, whisperId), uses: 0 };
  }

  /** Asterisk plays to it only once it is in the application. */
  async #open(channelId: string, whisperId: string): Promise<void> {
    const { application } = this.#names;
    const entered = this.#entering.wait(whisperId, ENTER_TIMEOUT_MS, () => {});
    try {
      await this.#ari.whisperTo(channelId, { channelId: whisperId, application, args: [WHISPER] });
      await entered;
    } finally {
      this.#entering.settle(whisperId, undefined);
    }
  }

  #release(key: string, whisper: Whisper): void {
    whisper.uses--;
    if (whisper.uses > 0) return;
    if (this.#whispers.get(key) === whisper) this.#whispers.delete(key);
    void endChannel(this.#ari, whisper.whisperId);
  }
}
