import { randomUUID } from 'node:crypto';
import type { AriPort } from '../../ari/port.ts';
import type { Sounds } from '../../prompts/prompt-sounds.ts';
import type { ChannelObserver } from '../asterisk/channels.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';
import type { SoundLibrary } from './sound-library.ts';
import type { Whispers } from './whispers.ts';

/** Longer than any prompt: a playback that is not over by then is given up. */
const LONGEST_MS = 10 * 60_000;

type Playing = {
  readonly id: string;
  readonly channelId: string;
  /** Mixed into what the caller hears. */
  readonly over: boolean;
  /** The sounds, if they are played to the channel itself. */
  readonly sounds?: Sounds;
  readonly finish: () => void;
  readonly end: () => void;
  /** It will be played again, and only then be over. */
  isInterrupted: boolean;
};

/**
 * Plays to single callers and to floors. Playing to a channel takes it out of what it hears, and keeps Asterisk from doing
 * anything else about it meanwhile; so a member who hears the conference gets a whisper instead, which is mixed in.
 */
export class Prompter implements ChannelObserver {
  readonly #ari: AriPort;
  readonly #names: ObjectNames;
  readonly #library: SoundLibrary;
  /** By playback id. Bounded by the channels and by `LONGEST_MS`. */
  readonly #playing = new Map<string, Playing>();
  /** The same, by channel. */
  readonly #playingTo = new Map<string, Set<Playing>>();
  readonly #whispers: Whispers;

  constructor(deps: { ari: AriPort; names: ObjectNames; library: SoundLibrary; whispers: Whispers }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
    this.#library = deps.library;
    this.#whispers = deps.whispers;
  }

  /**
   * Plays to one caller.
   * @returns once it plays, with a promise of its end; rejects with an `AriError`
   */
  async playTo(channelId: string, sounds: Sounds, over: boolean): Promise<{ ended: Promise<void> }> {
    const media = await this.#library.uris(sounds);
    if (media.length === 0) return { ended: Promise.resolve() };
    const { language } = sounds;
    if (!over) {
      return this.#play({ channelId, over, sounds }, (playbackId) =>
        this.#ari.playToChannel(channelId, { playbackId, media, language }),
      );
    }
    const { whisperId, release } = await this.#whispers.to(channelId, channelId);
    try {
      const { ended } = await this.#play({ channelId, over }, (playbackId) =>
        this.#ari.playToChannel(whisperId, { playbackId, media, language }),
      );
      return { ended: ended.then(release) };
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Plays to everybody on a floor.
   * @returns once it plays, with a promise of its end; rejects with an `AriError`
   */
  async announce(conference: string, sounds: Sounds): Promise<{ ended: Promise<void> }> {
    const media = await this.#library.uris(sounds);
    if (media.length === 0) return { ended: Promise.resolve() };
    const bridgeId = this.#names.floor(conference);
    const { language } = sounds;
    return this.#play({ channelId: bridgeId, over: true }, (playbackId) =>
      this.#ari.playToBridge(bridgeId, { playbackId, media, language }),
    );
  }

  /** Stops whatever is being played to a caller. */
  async hush(channelId: string): Promise<void> {
    await this.#stop(channelId, () => true);
  }

  /** Stops what keeps Asterisk from doing anything else about a channel. */
  async unblock(channelId: string): Promise<void> {
    await this.#stop(channelId, ({ over }) => !over);
  }

  /**
   * As `unblock`, for a channel that is about to hear others.
   * @returns what plays it all again from the beginning, over what the caller hears by then; must be called
   */
  async interrupt(channelId: string): Promise<() => void> {
    const interrupted = this.#allTo(channelId).filter(({ sounds }) => sounds !== undefined);
    for (const playing of interrupted) playing.isInterrupted = true;
    await this.unblock(channelId);
    return () => {
      for (const { sounds, end } of interrupted) {
        if (!sounds) continue;
        // If it cannot be played any more, it is over.
        this.playTo(channelId, sounds, true)
          .then(({ ended }) => ended)
          .catch(() => {})
          .then(end);
      }
    };
  }

  /** Asterisk says that a playback is over. */
  finished(playbackId: string): void {
    this.#playing.get(playbackId)?.finish();
  }

  /** A channel or a floor is gone, and with it what was being played there. */
  channelGone(id: string): void {
    for (const { finish } of this.#allTo(id)) finish();
  }

  /** After a lost connection Asterisk does not report what is over. */
  forgetAll(): void {
    for (const { finish } of [...this.#playing.values()]) finish();
  }

  async #stop(channelId: string, which: (playing: Playing) => boolean): Promise<void> {
    const stopped = this.#allTo(channelId).filter(which);
    // Asterisk refuses to stop a playback that is over, which is as good.
    await Promise.all(stopped.map(({ id }) => this.#ari.stopPlayback(id).catch(() => {})));
  }

  #allTo(channelId: string): Playing[] {
    return [...(this.#playingTo.get(channelId) ?? [])];
  }

  async #play(
    target: Pick<Playing, 'channelId' | 'over' | 'sounds'>,
    start: (playbackId: string) => Promise<void>,
  ): Promise<{ ended: Promise<void> }> {
    const id = `prompt-${randomUUID()}`;
    const all = this.#playingTo.get(target.channelId) ?? new Set<Playing>();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const finish = () => {
      clearTimeout(timer);
      this.#playing.delete(id);
      all.delete(playing);
      if (all.size === 0 && this.#playingTo.get(target.channelId) === all) this.#playingTo.delete(target.channelId);
      if (!playing.isInterrupted) end();
    };
    const timer = setTimeout(finish, LONGEST_MS).unref();
    const playing: Playing = { ...target, id, finish, end, isInterrupted: false };
    this.#playing.set(id, playing);
    all.add(playing);
    this.#playingTo.set(target.channelId, all);
    try {
      await start(id);
    } catch (error) {
      finish();
      throw error;
    }
    return { ended };
  }
}
