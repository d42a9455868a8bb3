import { AriError } from '../ari/errors.ts';
import type { AriPort } from '../ari/port.ts';
import type { Names } from './names.ts';
import { openPlayer } from './player-channels.ts';
import type { SoundLibrary } from './sound-library.ts';

const NORMAL_CLEARING = 16;

/**
 * Soft noise on the floors of conferences. It comes from a player like that of a playback, so that it is mixed and encoded
 * once for everybody. The channels' names say for which conference and how loud, for a controller that finds them.
 */
export class ComfortNoise {
  readonly #ari: AriPort;
  readonly #names: Names;
  readonly #library: SoundLibrary;
  /** How loud it is to be, in dBov, by conference. */
  readonly #levels = new Map<string, number>();

  constructor(deps: { ari: AriPort; names: Names; library: SoundLibrary }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
    this.#library = deps.library;
  }

  /** Rejects with an `AriError`. Setting it again is harmless. */
  async set(conference: string, levelDbov: number | null): Promise<void> {
    const before = this.#levels.get(conference);
    if (levelDbov === null) this.#levels.delete(conference);
    else this.#levels.set(conference, levelDbov);
    if (before !== undefined && before !== levelDbov) await this.#end(conference, before);
    if (levelDbov === null) return;
    const id = noiseId(conference, levelDbov);
    try {
      await openPlayer(this.#ari, this.#names, id);
    } catch (error) {
      // 409: it is there.
      if (!(error instanceof AriError && error.status === 409)) throw error;
    }
  }

  /** Whether a player belongs to noise that is to be heard. */
  isWanted(playbackId: string): boolean {
    return this.#conferenceOf(playbackId) !== null;
  }

  /** A channel of such a player has entered the application. Rejects with an `AriError`. */
  async entered(channelId: string): Promise<void> {
    const played = this.#names.playbackOfPlayer(channelId);
    if (played !== null) {
      await this.#ari.answer(channelId);
      return this.playAgain(played);
    }
    const conference = this.#conferenceOf(this.#names.playbackOnFloor(channelId) ?? '');
    if (conference === null) return;
    await this.#ari.addChannel(this.#names.floor(conference), channelId, { mute: false, absorbDtmf: true });
  }

  /** It has been played to its end, and goes on. Rejects with an `AriError`. */
  async playAgain(playbackId: string): Promise<void> {
    const conference = this.#conferenceOf(playbackId);
    if (conference === null) return;
    const media = await this.#library.noiseUris(this.#levels.get(conference) ?? 0);
    if (media.length === 0) return;
    await this.#ari.playToChannel(this.#names.player(playbackId), { playbackId, media, language: 'en' });
  }

  async #end(conference: string, levelDbov: number): Promise<void> {
    const channelId = this.#names.player(noiseId(conference, levelDbov));
    await this.#ari.hangUp(channelId, NORMAL_CLEARING).catch(() => {});
  }

  #conferenceOf(playbackId: string): string | null {
    for (const [conference, level] of this.#levels) if (noiseId(conference, level) === playbackId) return conference;
    return null;
  }
}

function noiseId(conference: string, levelDbov: number): string {
  return `noise${levelDbov}-${conference}`;
}
