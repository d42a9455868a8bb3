import type { AriPort } from '../../ari/port.ts';
import type { SavedConference } from '../../conference/model/saved-conference.ts';
import { serializeConference } from '../../conference/schemas/saved-conference.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';

type Waiting = { value: string; readonly written: Promise<void> };

/**
 * Saves conferences in Asterisk, each in order: requests go over several connections and may overtake each other, and a
 * controller that restores an older state would unlock a conference that was locked. If several states wait, only the
 * newest is written.
 */
export class ConferenceSaver {
  readonly #ari: Pick<AriPort, 'setGlobalVariable'>;
  readonly #names: ObjectNames;
  /** The state that is being written, by conference. */
  readonly #writing = new Map<string, Promise<void>>();
  /** The state to be written after that. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(deps: { ari: Pick<AriPort, 'setGlobalVariable'>; names: ObjectNames }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
  }

  /**
   * @param saved null where there is nothing to be restored any more
   * @returns once this state, or a newer one, is saved; rejects with an `AriError`
   */
  save(conference: string, saved: SavedConference | null): Promise<void> {
    const value = saved ? serializeConference(saved) : '';
    const waiting = this.#waiting.get(conference);
    if (waiting) {
      waiting.value = value;
      return waiting.written;
    }
    const before = this.#writing.get(conference);
    if (!before) return this.#write(conference, value);
    const written = before
      .catch(() => {})
      .then(() => {
        this.#waiting.delete(conference);
        return this.#write(conference, next.value);
      });
    const next: Waiting = { value, written };
    this.#waiting.set(conference, next);
    return written;
  }

  #write(conference: string, value: string): Promise<void> {
    const written = this.#ari.setGlobalVariable(this.#names.conferenceVariable(conference), value);
    this.#writing.set(conference, written);
    const forget = () => {
      if (this.#writing.get(conference) === written) this.#writing.delete(conference);
    };
    written.then(forget, forget);
    return written;
  }
}
