import { NORMAL_CLEARING } from '../../ari/causes.ts';
import type { AriPort } from '../../ari/port.ts';
import type { Playback, PlaybackControl } from '../../conference/model/playback.ts';
import type { Sounds } from '../../prompts/prompt-sounds.ts';
import { Waiters } from '../../timing/waiters.ts';
import { endChannel } from '../asterisk/channels.ts';
import { PLAYER, PLAYER_CONTEXT, volumeFactor } from '../asterisk/dialplan.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';
import { ControllerError } from '../errors/controller-error.ts';
import { ARI_OPERATIONS } from './playback-operations.ts';
import type { SoundLibrary } from './sound-library.ts';

/** For one end of a player to answer the other, which happens at once. */
const ANSWER_TIMEOUT_SECONDS = 10;
/** For both channels of a player to enter; longer than Asterisk rings. */
const BEGIN_TIMEOUT_MS = 11_000;
/** A sound that Asterisk cannot play is over within milliseconds. */
const FAILS_WITHIN_MS = 100;

type PendingPlayback = {
  readonly conference: string;
  readonly playback: Playback;
  readonly sounds: Sounds;
  readonly fromMs: number;
};

/**
 * Plays long things to a floor, with pause, seeking and volume. A playback has two channels, the ends of a Local channel:
 * Asterisk plays to one of them, and the other is on the floor like a member. Both are named by the playback, so that they
 * can be controlled by any controller.
 */
export class FloorPlayer {
  readonly #ari: AriPort;
  readonly #names: ObjectNames;
  readonly #library: SoundLibrary;
  /** Playbacks that have not begun yet, by id. */
  readonly #pending = new Map<string, PendingPlayback>();
  readonly #beginning = new Waiters<void>();

  constructor(deps: { ari: AriPort; names: ObjectNames; library: SoundLibrary }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
    this.#library = deps.library;
  }

  /**
   * @param fromMs where in the first sound it begins
   * @returns once it plays, or has been stopped; rejects with an `AriError`, or with a `ControllerError` where there is
   *   nothing that can be played
   */
  async play(conference: string, playback: Playback, sounds: Sounds, fromMs = 0): Promise<void> {
    const { id } = playback;
    const begun = this.#beginning.wait(id, BEGIN_TIMEOUT_MS, () => {
      throw unplayable(playback);
    });
    this.#pending.set(id, { conference, playback, sounds, fromMs });
    this.#openPlayer(id).catch((error: Error) => this.#beginning.fail(id, error));
    try {
      await begun;
    } finally {
      this.#pending.delete(id);
    }
  }

  /** Whether a playback is wanted and has neither begun nor failed. */
  isBeginning(playbackId: string): boolean {
    return this.#beginning.has(playbackId);
  }

  /** A player's channel has entered the application. */
  async entered(channelId: string): Promise<void> {
    const pending = this.#pending.get(
      this.#names.playbackOfPlayer(channelId) ?? this.#names.playbackOnFloor(channelId) ?? '',
    );
    // Left behind by another controller.
    if (!pending) return this.#ari.hangUp(channelId, NORMAL_CLEARING);
    const { id } = pending.playback;
    try {
      if (channelId === this.#names.player(id)) await this.#feed(pending, channelId);
      else await this.#putOnFloor(pending, channelId);
    } catch (error) {
      this.#beginning.fail(id, error as Error);
      await this.stop(id);
    }
  }

  /** Asterisk has played it to its end, or has failed to play it. */
  finished(playbackId: string, failed: boolean): void {
    const pending = this.#pending.get(playbackId);
    if (failed && pending) this.#beginning.fail(playbackId, unplayable(pending.playback));
    else this.#beginning.settle(playbackId, undefined);
  }

  /** Rejects with an `AriError` if there is no such playback, or it is paused and was to be moved. */
  async control(playbackId: string, operation: PlaybackControl): Promise<void> {
    switch (operation.type) {
      case 'stop':
        return this.stop(playbackId);
      case 'volume':
        return this.#setVolume(playbackId, operation.volume);
      default:
        return this.#ari.controlPlayback(playbackId, ARI_OPERATIONS[operation.type]);
    }
  }

  /** Ends a playback and its channels; harmless if they are gone. */
  async stop(playbackId: string): Promise<void> {
    this.#beginning.settle(playbackId, undefined);
    await endChannel(this.#ari, this.#names.player(playbackId));
  }

  /** Makes both channels, which enter the application. Rejects with an `AriError`, status 409 if they are there already. */
  #openPlayer(playbackId: string): Promise<void> {
    return this.#ari.originate({
      channelId: this.#names.playerOnFloor(playbackId),
      otherChannelId: this.#names.player(playbackId),
      // With another codec it is heard 6 dB too softly.
      formats: 'slin',
      endpoint: `Local/s@${PLAYER_CONTEXT}/n`,
      application: this.#names.application,
      args: [PLAYER],
      callerId: 'Rostrum',
      timeoutSeconds: ANSWER_TIMEOUT_SECONDS,
    });
  }

  async #feed({ playback, sounds, fromMs }: PendingPlayback, channelId: string): Promise<void> {
    const { id: playbackId } = playback;
    const media = await this.#library.uris(sounds);
    if (media.length === 0) throw unplayable(playback);
    await this.#ari.answer(channelId);
    await this.#ari.playToChannel(channelId, { playbackId, media, language: sounds.language, fromMs });
  }

  async #putOnFloor({ conference, playback }: PendingPlayback, channelId: string): Promise<void> {
    await this.#setVolume(playback.id, playback.volume);
    await this.#ari.addChannel(this.#names.floor(conference), channelId, { mute: false, absorbDtmf: true });
    setTimeout(() => this.#beginning.settle(playback.id, undefined), FAILS_WITHIN_MS).unref();
  }

  #setVolume(playbackId: string, volume: number): Promise<void> {
    return this.#ari.setVariable(this.#names.playerOnFloor(playbackId), 'VOLUME(RX)', volumeFactor(volume));
  }
}

function unplayable({ media }: Playback): ControllerError {
  const what = media.join(', ');
  return new ControllerError('not-possible', `cannot be played, because it is missing or no sound: ${what}`);
}
