import type { Logger } from 'winston';
import type { AriPort } from '../../ari/port.ts';
import { describedOrEnded } from './read-asterisk.ts';

export type UntoldCallsDeps = {
  readonly ari: Pick<AriPort, 'channelsIn' | 'readChannel' | 'hangUp'>;
  readonly logger: Pick<Logger, 'warn'>;
};

/**
 * Finds calls in the application of which Asterisk has told nothing, because it cannot describe them. Nobody would know of them,
 * and they would stay for ever.
 */
export class UntoldCalls {
  readonly #application: string;
  readonly #deps: UntoldCallsDeps;
  /** Channels of which the controller knows. Bounded by those of Asterisk: others are forgotten at each look. */
  readonly #told = new Set<string>();
  /** Calls of which nothing had been told at the last look. The event may have been on its way. */
  #missed: ReadonlySet<string> = new Set();
  #looking: Promise<void> | null = null;

  constructor(application: string, deps: UntoldCallsDeps) {
    this.#application = application;
    this.#deps = deps;
  }

  /** Asterisk has told of a channel that has entered the application. */
  told(channelId: string): void {
    this.#told.add(channelId);
  }

  /** All calls that there are now are about to be read. Rejects with an `AriError`. */
  async skipThose(): Promise<void> {
    for (const id of await this.#deps.ari.channelsIn(this.#application)) this.#told.add(id);
  }

  /** Ends the calls that were missed twice; joins a look that is under way. Rejects with an `AriError`. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { ari, logger } = this.#deps;
    const before = [...this.#told];
    const ids = new Set(await ari.channelsIn(this.#application));
    for (const id of before) if (!ids.has(id)) this.#told.delete(id);
    const missed = [...ids].filter((id) => !this.#told.has(id));
    for (const id of missed) if (this.#missed.has(id)) await describedOrEnded(ari, id, logger);
    this.#missed = new Set(missed);
  }
}
