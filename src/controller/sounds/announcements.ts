import type { Logger } from 'winston';
import type { ConferenceEffect } from '../../conference/model/effects.ts';
import { withTimeout } from '../../timing/with-timeout.ts';
import { logFailure } from '../asterisk/channels.ts';
import type { Prompter } from './prompter.ts';

/** An announcement of which Asterisk has not said by then that it is over does not keep the next ones waiting. */
const LONGEST_MS = 60_000;

type Announcement = Pick<Extract<ConferenceEffect, { type: 'announce' }>, 'sounds' | 'once'>;

/** `dropped`: the announcements before this number are not begun. `kinds`: of those that wait or play and do so once. */
type Queue = {
  last: Promise<void>;
  size: number;
  next: number;
  dropped: number;
  readonly kinds: Set<Announcement['once']>;
};

/**
 * The announcements of each floor, one after the other: where Asterisk begins or ends two at once on a bridge, it loses
 * their channels.
 */
export class Announcements {
  readonly #prompter: Pick<Prompter, 'announce'>;
  readonly #logger: Pick<Logger, 'warn'>;
  /** By conference, of those that have an announcement. */
  readonly #queues = new Map<string, Queue>();

  constructor(deps: { prompter: Pick<Prompter, 'announce'>; logger: Pick<Logger, 'warn'> }) {
    this.#prompter = deps.prompter;
    this.#logger = deps.logger;
  }

  /**
   * @param over called when it is over, has failed or is dropped, or is not needed
   * @returns once it plays, or waits for others; rejects with an `AriError` if it can neither
   */
  async play(conference: string, { sounds, once }: Announcement, over: () => void): Promise<void> {
    const present = this.#queues.get(conference);
    const queue = present ?? { last: Promise.resolve(), size: 0, next: 0, dropped: 0, kinds: new Set() };
    if (once && queue.kinds.has(once)) return over();
    if (once) queue.kinds.add(once);
    this.#queues.set(conference, queue);
    queue.size += 1;
    const number = queue.next++;
    const begun = queue.last.then(async () =>
      number < queue.dropped ? null : this.#prompter.announce(conference, sounds),
    );
    queue.last = begun
      .then((playing) => playing && withTimeout(playing.ended, LONGEST_MS, () => {}))
      .catch(() => {})
      .then(() => {
        queue.size -= 1;
        if (once) queue.kinds.delete(once);
        if (queue.size === 0) this.#queues.delete(conference);
        over();
      });
    if (present) logFailure(this.#logger, `conference ${conference}: an announcement is not heard`, begun);
    else await begun;
  }

  /** Nobody is left to hear those that wait. */
  drop(conference: string): void {
    const queue = this.#queues.get(conference);
    if (queue) queue.dropped = queue.next;
  }
}
