import type { AriPort } from '../../ari/port.ts';

/** As long as a name may be. */
const LONGEST_SECONDS = 5;
/** Longer than a recording can take. */
const TIMEOUT_MS = 15_000;

/** Has callers say their names, which Asterisk keeps as recordings until the conference ends. */
export class NameRecorder {
  readonly #ari: AriPort;
  /** By the recording's name. Bounded by the callers who are speaking. */
  readonly #recording = new Map<string, { channelId: string; end: (recorded: boolean) => void }>();

  constructor(deps: { ari: AriPort }) {
    this.#ari = deps.ari;
  }

  /** @returns whether there is a recording; rejects with an `AriError` */
  async record(channelId: string, name: string): Promise<boolean> {
    const recorded = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => this.finished(name, false), TIMEOUT_MS);
      const end = (isRecorded: boolean) => {
        clearTimeout(timer);
        resolve(isRecorded);
      };
      this.#recording.set(name, { channelId, end });
    });
    try {
      await this.#ari.recordChannel(channelId, { name, format: 'wav', maxSeconds: LONGEST_SECONDS, endKey: '#' });
    } catch (error) {
      this.finished(name, false);
      throw error;
    }
    return recorded;
  }

  /** Asterisk says that a recording is over. */
  finished(name: string, isRecorded: boolean): void {
    this.#recording.get(name)?.end(isRecorded);
    this.#recording.delete(name);
  }

  /** A channel is gone. */
  forget(channelId: string): void {
    for (const [name, recording] of this.#recording) if (recording.channelId === channelId) this.finished(name, false);
  }

  /** Deletes what a conference has collected. Rejects with an `AriError`. */
  async deleteAll(prefix: string): Promise<void> {
    const names = (await this.#ari.listStoredRecordings()).filter((name) => name.startsWith(prefix));
    await Promise.all(names.map((name) => this.#ari.deleteStoredRecording(name)));
  }
}
