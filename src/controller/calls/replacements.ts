import type { Logger } from 'winston';
import { NORMAL_CLEARING } from '../../ari/causes.ts';
import type { AriChannel, AriPort } from '../../ari/port.ts';
import type { Input } from '../../conference/model/inputs.ts';
import type { Path } from '../../conference/model/member.ts';
import { type ChannelObserver, callerNumber, callerOf, endChannel, logFailure } from '../asterisk/channels.ts';
import { REPLACEMENT_CONTEXT } from '../asterisk/dialplan.ts';
import type { Guest, Lobby } from './lobby.ts';

/** The way through the dialplan takes milliseconds. */
const BACK_WITHIN_MS = 5000;

type Replacement = {
  readonly replaced: string;
  /** The conference of the member, or the caller in the lobby, whose place it is. */
  readonly place: { readonly conference: string } | { readonly guest: Guest };
  /** Set until the call is back from the dialplan. */
  awaited: NodeJS.Timeout | null;
};

export type ReplacementsDeps = {
  ari: Pick<AriPort, 'continueInDialplan' | 'hangUp'>;
  conferences: {
    /** Events of a channel are not about its member any more. @returns the conference */
    disown(channelId: string): string | undefined;
    /** @returns false if the member has left meanwhile */
    replace(conference: string, channelId: string, by: Extract<Input, { type: 'replaced' }>['by']): boolean;
    dispatch(conference: string, input: Input): void;
  };
  lobby: Pick<Lobby, 'take' | 'receive'>;
  /** Finds out how a caller can hear, or hangs the call up. */
  withPath: (channel: AriChannel, use: (path: Path, phoneHold: boolean) => void) => void;
  logger: Logger;
};

/**
 * Calls that take the place of others, at the end of an attended transfer: an INVITE with Replaces (RFC 3891), or a
 * REFER between two calls of this Asterisk. Asterisk puts the new call into the bridge in which the other was. The new
 * call has no place in the dialplan then, so it gets one: it comes back by the context `rostrum-replacement`.
 * @see https://docs.asterisk.org/Configuration/Interfaces/Asterisk-REST-Interface-ARI/Introduction-to-ARI-and-Bridges/
 */
export class Replacements implements ChannelObserver {
  readonly #deps: ReplacementsDeps;
  /** By the channel of the new call. Bounded by the calls of Asterisk. */
  readonly #pending = new Map<string, Replacement>();

  constructor(deps: ReplacementsDeps) {
    this.#deps = deps;
  }

  /** Whether a call is about to take the place of another one, or another one is about to take its place. */
  has(channelId: string): boolean {
    if (this.#pending.has(channelId)) return true;
    return [...this.#pending.values()].some(({ replaced }) => replaced === channelId);
  }

  /** @param replaced the channel whose place it takes, the end of which is not that of the member from now on */
  receive(channel: AriChannel, replaced: string): void {
    const { ari, logger } = this.#deps;
    const caller = callerNumber(channel);
    // A Local channel leads from one conference to another, where Asterisk itself carries a blind transfer out.
    const place = channel.name.startsWith('Local/') ? null : this.#placeOf(replaced);
    if (!place) {
      logger.warn(`call from ${caller}: hung up, because it is to take the place of a call that has none`);
      return logFailure(logger, `call ${channel.id}`, ari.hangUp(channel.id, NORMAL_CLEARING));
    }
    logger.info(`call from ${caller} takes the place of call ${replaced}`);
    const awaited = setTimeout(() => this.#fail(channel.id), BACK_WITHIN_MS);
    this.#pending.set(channel.id, { replaced, place, awaited });
    const sent = ari.continueInDialplan(channel.id, REPLACEMENT_CONTEXT);
    logFailure(logger, `call ${channel.id}`, sent);
    sent.catch(() => this.#fail(channel.id));
  }

  /** A call is back from the dialplan. @returns whether it is one that takes the place of another */
  returned(channel: AriChannel): boolean {
    const replacement = this.#pending.get(channel.id);
    if (!replacement?.awaited) return false;
    clearTimeout(replacement.awaited);
    replacement.awaited = null;
    const { ari, conferences, lobby, withPath } = this.#deps;
    const { replaced, place } = replacement;
    // Out of its bridge, it is still in the application.
    void endChannel(ari, replaced);
    if ('guest' in place) {
      this.#pending.delete(channel.id);
      lobby.receive(channel, place.guest.settings, place.guest.flags);
      return true;
    }
    withPath(channel, (path, phoneHold) => {
      this.#pending.delete(channel.id);
      const by = { channelId: channel.id, caller: callerOf(channel), path, phoneHold };
      if (!conferences.replace(place.conference, replaced, by)) this.#giveBack(channel.id);
    });
    return true;
  }

  channelGone(channelId: string, destroyed: boolean): void {
    const replacement = this.#pending.get(channelId);
    // It leaves the application once, for the dialplan.
    if (replacement && (destroyed || !replacement.awaited)) this.#lost(channelId);
  }

  stop(): void {
    for (const { awaited } of this.#pending.values()) if (awaited) clearTimeout(awaited);
  }

  /** Ends what the events of a call mean for its member, or for the lobby. @returns null if it has neither */
  #placeOf(channelId: string): Replacement['place'] | null {
    const guest = this.#deps.lobby.take(channelId);
    if (guest) return { guest };
    const conference = this.#deps.conferences.disown(channelId);
    return conference === undefined ? null : { conference };
  }

  /** The new call does not come back. It may be where Asterisk has put it, and heard there. */
  #fail(channelId: string): void {
    if (!this.#pending.get(channelId)?.awaited) return;
    void endChannel(this.#deps.ari, channelId);
    this.#lost(channelId);
  }

  /** The new call has not come: both have left. */
  #lost(channelId: string): void {
    const replacement = this.#pending.get(channelId);
    this.#pending.delete(channelId);
    if (!replacement) return;
    if (replacement.awaited) clearTimeout(replacement.awaited);
    void endChannel(this.#deps.ari, replacement.replaced);
    if ('guest' in replacement.place) return;
    const left = { type: 'left', channelId: replacement.replaced, destroyed: true } as const;
    this.#deps.conferences.dispatch(replacement.place.conference, left);
  }

  #giveBack(channelId: string): void {
    const { ari, logger } = this.#deps;
    logFailure(logger, `call ${channelId}`, ari.continueInDialplan(channelId));
  }
}
