import type { AriPort } from '../../ari/port.ts';
import { BoundedMap } from '../../base/bounded-map.ts';
import type { Playback, PlaybackControl } from '../../conference/model/playback.ts';
import type { Sounds } from '../../prompts/prompt-sounds.ts';
import type { ChannelObserver } from '../asterisk/channels.ts';
import { volumeFactor } from '../asterisk/dialplan.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';
import { ARI_OPERATIONS } from './playback-operations.ts';
import type { SoundLibrary } from './sound-library.ts';
import type { Whispers } from './whispers.ts';

/** Playbacks that were stopped before they had begun. */
const MOST_REMEMBERED = 1000;

type Player = {
  readonly channelId: string;
  readonly whisperId: string;
  readonly end: () => void;
};

/**
 * Plays long things to single members, with pause, seeking and volume. Asterisk plays to a bridge that has one channel, a
 * whisper to the member: so neither the member's channel nor the whisper is busy, and prompts are heard meanwhile.
 */
export class MemberPlayer implements ChannelObserver {
  readonly #ari: AriPort;
  readonly #names: ObjectNames;
  readonly #library: SoundLibrary;
  readonly #whispers: Whispers;
  /** By playback id. Bounded by the members: each has one. */
  readonly #players = new Map<string, Player>();
  readonly #stopped = new BoundedMap<string, true>(MOST_REMEMBERED);

  constructor(deps: { ari: AriPort; names: ObjectNames; library: SoundLibrary; whispers: Whispers }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
    this.#library = deps.library;
    this.#whispers = deps.whispers;
  }

  /**
   * @param fromMs where in the first sound it begins
   * @returns once it plays, with a promise of its end; rejects with an `AriError`
   */
  async play(channelId: string, playback: Playback, sounds: Sounds, fromMs = 0): Promise<{ ended: Promise<void> }> {
    const { id, volume } = playback;
    const media = await this.#library.uris(sounds);
    if (media.length === 0 || this.#stopped.delete(id)) return { ended: Promise.resolve() };
    const { whisperId, release } = await this.#whispers.to(channelId, id);
    const bridgeId = this.#names.ear(id);
    let resolve = () => {};
    const ended = new Promise<void>((settle) => {
      resolve = settle;
    });
    const end = () => {
      if (!this.#players.delete(id)) return;
      release();
      // It may be gone, or was never made.
      this.#ari.destroyBridge(bridgeId).catch(() => {});
      resolve();
    };
    this.#players.set(id, { channelId, whisperId, end });
    try {
      await this.#ari.createMixingBridge(bridgeId);
      if (volume !== 0) await this.#setVolume(whisperId, volume);
      await this.#ari.addChannel(bridgeId, whisperId, { mute: false, absorbDtmf: true });
      await this.#ari.playToBridge(bridgeId, { playbackId: id, media, language: sounds.language, fromMs });
    } catch (error) {
      // A playback that was stopped meanwhile has not failed.
      const isStopped = !this.#players.has(id);
      end();
      if (!isStopped) throw error;
    }
    if (this.#stopped.delete(id)) end();
    return { ended };
  }

  /** Rejects with an `AriError`. */
  async control(playbackId: string, operation: PlaybackControl): Promise<void> {
    const player = this.#players.get(playbackId);
    switch (operation.type) {
      case 'stop':
        if (player) player.end();
        else this.#stopped.set(playbackId, true);
        return;
      case 'volume':
        if (player) await this.#setVolume(player.whisperId, operation.volume);
        return;
      default:
        await this.#ari.controlPlayback(playbackId, ARI_OPERATIONS[operation.type]);
    }
  }

  /** Asterisk says that a playback is over. */
  finished(playbackId: string): void {
    this.#players.get(playbackId)?.end();
  }

  channelGone(channelId: string): void {
    for (const player of this.#players.values()) if (player.channelId === channelId) player.end();
  }

  /** After a lost connection Asterisk does not report what is over. */
  forgetAll(): void {
    for (const { end } of [...this.#players.values()]) end();
  }

  /** Whether a bridge is that of a playback which goes on. */
  isInUse(bridgeId: string): boolean {
    return [...this.#players.keys()].some((id) => this.#names.ear(id) === bridgeId);
  }

  #setVolume(whisperId: string, volume: number): Promise<void> {
    return this.#ari.setVariable(whisperId, 'VOLUME(TX)', volumeFactor(volume));
  }
}
