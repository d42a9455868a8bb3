import { AriError } from '../../ari/errors.ts';
import type { AriPort } from '../../ari/port.ts';
import type { ChannelSetup } from '../../conference/model/channel-setup.ts';
import { Waiters } from '../../timing/waiters.ts';
import type { ChannelObserver } from './channels.ts';
import type { ObjectNames } from './object-names.ts';

/** After this time Asterisk is asked for the bridge again, even if it has not reported the end of the old one. */
const DESTROY_TIMEOUT_MS = 1000;

type Where = Exclude<ChannelSetup['bridge'], 'none' | 'audience'>;
type ChannelOptions = { mute: boolean; absorbDtmf: boolean };

/** Asterisk's work for a bridge grows with the channels in it, so the audience waits in many small bridges. */
const AUDIENCE_CHANNELS = 50;

/**
 * The bridges of all conferences: one floor each, a room for each private talk, and those in which the listeners of all
 * conferences wait while the relay sends them the sound.
 */
export class Bridges implements ChannelObserver {
  readonly #ari: AriPort;
  readonly #names: ObjectNames;
  /** The bridges being created or in use, by id. Bounded by the conferences and their members. */
  readonly #opened = new Map<string, Promise<void>>();
  /** The bridges that Asterisk was asked to destroy. */
  readonly #closing = new Waiters<void>();
  /** Which of them a channel was put into. */
  readonly #bridgeOf = new Map<string, string>();
  /** How many channels each bridge of the audience has. Bounded by the calls. */
  readonly #audiences = new Map<string, number>();

  constructor(deps: { ari: AriPort; names: ObjectNames }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
  }

  openFloor(conference: string): Promise<void> {
    return this.#open(this.#names.floor(conference));
  }

  /** Once a floor that is being opened is open. */
  async floorOpened(conference: string): Promise<void> {
    await this.#opened.get(this.#names.floor(conference));
  }

  closeFloor(conference: string): Promise<void> {
    return this.#close(this.#names.floor(conference));
  }

  closeRoom(conference: string, room: number): Promise<void> {
    return this.#close(this.#names.room(conference, room));
  }

  /** Puts a channel into a bridge, or changes there whether it is heard. A bridge that is not there is made. */
  async enter(conference: string, where: Where, channelId: string, options: ChannelOptions): Promise<void> {
    const bridgeId =
      where === 'floor'
        ? this.#names.floor(conference)
        : this.#names.room(conference, Number(where.slice('private-'.length)));
    await this.#addTo(bridgeId, channelId, options);
    this.found(channelId, bridgeId);
  }

  /** Parks a channel in a bridge where Asterisk sends it nothing. */
  async enterAudience(channelId: string): Promise<void> {
    const bridgeId = this.#audienceWithRoom();
    // Counted before it is in, as others come at the same time.
    this.found(channelId, bridgeId);
    await this.#addTo(bridgeId, channelId, { mute: false, absorbDtmf: false });
  }

  /** Makes the bridge again if it has gone. A floor is first made by `openFloor`. */
  async #addTo(bridgeId: string, channelId: string, options: ChannelOptions): Promise<void> {
    const isFloor = this.#names.conferenceOfFloor(bridgeId) !== null;
    if (!isFloor && !this.#opened.has(bridgeId)) await this.#open(bridgeId);
    await this.#opened.get(bridgeId);
    const add = () => this.#ari.addChannel(bridgeId, channelId, options);
    try {
      return await add();
    } catch (error) {
      if (!isBridgeGone(error)) throw error;
    }
    await this.#open(bridgeId);
    await add().catch((error) => {
      // Asterisk has said that it is there, but cannot make it. The channel is not to blame.
      if (isBridgeGone(error))
        throw new AriError('refused', `bridge ${bridgeId} cannot be made`, { status: 500, cause: error });
      throw error;
    });
  }

  /** Takes a channel out of whatever bridge it is in. */
  async leave(conference: string, channelId: string): Promise<void> {
    const bridgeId = this.#bridgeOf.get(channelId) ?? this.#names.floor(conference);
    this.channelGone(channelId);
    try {
      await this.#ari.removeChannel(bridgeId, channelId);
    } catch (error) {
      // It was not in there: 422, or 404 where there is no bridge.
      if (!(error instanceof AriError) || ![404, 409, 422].includes(error.status)) throw error;
    }
  }

  channelGone(channelId: string): void {
    const bridgeId = this.#bridgeOf.get(channelId);
    this.#bridgeOf.delete(channelId);
    const count = this.#audiences.get(bridgeId ?? '');
    if (bridgeId !== undefined && count !== undefined) this.#audiences.set(bridgeId, count - 1);
  }

  /** Notes where a channel is. */
  found(channelId: string, bridgeId: string): void {
    this.channelGone(channelId);
    this.#bridgeOf.set(channelId, bridgeId);
    if (this.#names.isAudience(bridgeId)) this.#audiences.set(bridgeId, (this.#audiences.get(bridgeId) ?? 0) + 1);
  }

  /** Asterisk has these bridges: other bridges of the audience are made again when they are needed. */
  existing(bridgeIds: ReadonlySet<string>): void {
    for (const bridgeId of this.#audiences.keys()) if (!bridgeIds.has(bridgeId)) this.#opened.delete(bridgeId);
    for (const bridgeId of bridgeIds) {
      if (this.#names.isAudience(bridgeId)) this.#opened.set(bridgeId, Promise.resolve());
    }
  }

  #audienceWithRoom(): string {
    for (let number = 1; ; number++) {
      const bridgeId = this.#names.audience(number);
      if ((this.#audiences.get(bridgeId) ?? 0) < AUDIENCE_CHANNELS) return bridgeId;
    }
  }

  /** Asterisk has destroyed a bridge. @returns whether it was asked to */
  destroyed(bridgeId: string): boolean {
    return this.#closing.settle(bridgeId, undefined);
  }

  #open(bridgeId: string): Promise<void> {
    // Asterisk destroys bridges in its own time, and until then would take the old one for the new.
    const closed = this.#closing.pending(bridgeId) ?? Promise.resolve();
    const opened = closed.then(() =>
      this.#names.isAudience(bridgeId)
        ? this.#ari.createHoldingBridge(bridgeId)
        : this.#ari.createMixingBridge(bridgeId),
    );
    this.#opened.set(bridgeId, opened);
    opened.catch(() => this.#opened.delete(bridgeId));
    return opened;
  }

  async #close(bridgeId: string): Promise<void> {
    const opened = this.#opened.get(bridgeId);
    this.#opened.delete(bridgeId);
    void this.#closing.wait(bridgeId, DESTROY_TIMEOUT_MS, () => {});
    await opened?.catch(() => {});
    try {
      await this.#ari.destroyBridge(bridgeId);
    } catch (error) {
      this.destroyed(bridgeId);
      if (!isBridgeGone(error)) throw error;
    }
  }
}

/**
 * An answer to `addChannel`: 404 is about the bridge, and 400 about the channel. For a moment after a bridge could not be
 * made, Asterisk takes it for one that is not in the application: 409.
 */
function isBridgeGone(error: unknown): boolean {
  return error instanceof AriError && (error.status === 404 || error.status === 409);
}
