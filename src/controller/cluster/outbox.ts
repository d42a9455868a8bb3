import { changesBetween } from '../../cluster/diff.ts';
import type { Change } from '../../cluster/messages.ts';
import type { Conference } from '../../conference/model/conference.ts';

/** Changes are collected for this time, so that a burst of them is one message. */
const COLLECT_MS = 20;

export type ClusterOutboxDeps = {
  conferences: () => ReadonlyMap<string, Conference>;
  send: (changes: readonly Change[]) => void;
};

/** The changes that the other nodes are told soon: the difference to what they know. */
export class ClusterOutbox {
  readonly #deps: ClusterOutboxDeps;
  /** Conferences that have changed, as the other nodes know them. */
  readonly #before = new Map<string, Conference>();
  /** By conference and so the latest of each. */
  readonly #settings = new Map<string, Change>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: ClusterOutboxDeps) {
    this.#deps = deps;
  }

  /** @param before the conference before its first change since the last time */
  changed(before: Conference): void {
    if (!this.#before.has(before.name)) this.#before.set(before.name, before);
    this.#timer ??= setTimeout(() => this.flush(), COLLECT_MS);
  }

  share(conference: string, settings: Change): void {
    this.#settings.set(conference, settings);
    this.#timer ??= setTimeout(() => this.flush(), COLLECT_MS);
  }

  /** Tells it now. */
  flush(): void {
    if (this.#before.size === 0 && this.#settings.size === 0) return;
    const changes: Change[] = [];
    for (const [name, before] of this.#before) {
      changes.push(...changesBetween(before, this.#deps.conferences().get(name) ?? null));
    }
    changes.push(...this.#settings.values());
    this.forget();
    this.#deps.send(changes);
  }

  /** Drops the changes: a node that comes later gets a snapshot. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#before.clear();
    this.#settings.clear();
  }
}
