import type { AriPort } from '../../ari/port.ts';
import { Waiters } from '../../timing/waiters.ts';
import type { ChannelObserver } from '../asterisk/channels.ts';

/** As long as a name may be. */
const LONGEST_SECONDS = 5;
/** Longer than a recording can take. */
const TIMEOUT_MS = 15_000;

/** Has callers say their names, which Asterisk keeps as recordings until the conference ends. */
export class NameRecorder implements ChannelObserver {
  readonly #ari: AriPort;
  /** By the recording's name. Bounded by the callers who are speaking. */
  readonly #recordings = new Waiters<boolean>();
  /** The channel of each caller who speaks, by the recording's name. */
  readonly #callers = new Map<string, string>();

  constructor(deps: { ari: AriPort }) {
    this.#ari = deps.ari;
  }

  /** @returns whether there is a recording; rejects with an `AriError` */
  async record(channelId: string, name: string): Promise<boolean> {
    const recorded = this.#recordings.wait(name, TIMEOUT_MS, () => false);
    this.#callers.set(name, channelId);
    try {
      await this.#ari.recordChannel(channelId, { name, format: 'wav', maxSeconds: LONGEST_SECONDS, endKey: '#' });
    } catch (error) {
      this.finished(name, false);
      throw error;
    }
    return recorded.finally(() => this.#callers.delete(name));
  }

  /** Asterisk says that a recording is over. */
  finished(name: string, isRecorded: boolean): void {
    this.#recordings.settle(name, isRecorded);
  }

  channelGone(channelId: string): void {
    for (const [name, caller] of this.#callers) if (caller === channelId) this.finished(name, false);
  }

  /** Deletes what a conference has collected. Rejects with an `AriError`. */
  async deleteAll(prefix: string): Promise<void> {
    const names = (await this.#ari.listStoredRecordings()).filter((name) => name.startsWith(prefix));
    await Promise.all(names.map((name) => this.#ari.deleteStoredRecording(name)));
  }
}
