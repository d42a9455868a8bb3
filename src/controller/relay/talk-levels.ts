import { SILENT_BELOW_DBOV } from '../../audio/level.ts';
import type { ChannelObserver } from '../asterisk/channels.ts';

/** Asterisk reports talking at the first loud frame; within this time the relay reports how loud it is. */
const MEASURED_WITHIN_MS = 150;

export type TalkLevelsDeps = {
  /** As of now; null where it is not measured. */
  levelOf: (channelId: string) => number | null;
  report: (channelId: string, talk: { talking: boolean; levelDbov: number | null }) => void;
};

/** Reports which member talks, and how loud. For a measured member it waits for the next level, which comes soon. */
export class TalkLevels implements ChannelObserver {
  readonly #deps: TalkLevelsDeps;
  /** Members who have begun to talk and are not reported yet. Bounded by the speakers. */
  readonly #begun = new Map<string, NodeJS.Timeout>();

  constructor(deps: TalkLevelsDeps) {
    this.#deps = deps;
  }

  started(channelId: string): void {
    if (this.#begun.has(channelId)) return;
    if (this.#deps.levelOf(channelId) === null) return this.#report(channelId, true);
    const timer = setTimeout(() => this.measured(channelId), MEASURED_WITHIN_MS);
    this.#begun.set(channelId, timer);
  }

  /** There is a new level. */
  measured(channelId: string): void {
    if (!this.#begun.has(channelId)) return;
    this.#forget(channelId);
    this.#report(channelId, true);
  }

  finished(channelId: string): void {
    this.measured(channelId);
    this.#report(channelId, false);
  }

  channelGone(channelId: string): void {
    this.#forget(channelId);
  }

  stop(): void {
    for (const channelId of [...this.#begun.keys()]) this.#forget(channelId);
  }

  #forget(channelId: string): void {
    clearTimeout(this.#begun.get(channelId));
    this.#begun.delete(channelId);
  }

  #report(channelId: string, talking: boolean): void {
    const levelDbov = this.#deps.levelOf(channelId);
    // The relay is behind: how loud a voice is that it has not heard yet is not known.
    const unheard = talking && levelDbov !== null && levelDbov < SILENT_BELOW_DBOV;
    this.#deps.report(channelId, { talking, levelDbov: unheard ? null : levelDbov });
  }
}
