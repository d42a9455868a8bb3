import { AriError } from '../ari/errors.ts';
import type { AriPort } from '../ari/port.ts';
import type { Effect, HangUpReason } from '../conference/effects.ts';
import type { Input } from '../conference/inputs.ts';
import { serializeMember } from '../conference/saved-member.ts';

/** The variable that carries a member's state on its channel. */
export const MEMBER_VARIABLE = 'ROSTRUM_MEMBER';

type AsteriskEffect = Exclude<Effect, { type: 'wake' | 'publish' }>;
type FloorEffect = Extract<AsteriskEffect, { type: 'open-floor' | 'close-floor' }>;
type ChannelEffect = Exclude<AsteriskEffect, FloorEffect>;

/** ITU-T Q.850 causes. */
const HANG_UP_CAUSE: Record<HangUpReason, number> = { 'own-wish': 16, kicked: 16, failure: 41 };

/**
 * Carries out effects in Asterisk. Effects about one channel happen in order, those about different channels at the
 * same time; when one fails, the rest of its batch is not tried.
 */
export class EffectRunner {
  readonly #ari: AriPort;
  readonly #application: string;
  readonly #report: (conference: string, input: Input) => void;
  /** The floor bridges being created or in use. Bounded by the conferences. */
  readonly #floors = new Map<string, Promise<void>>();
  /** The last batch of every channel that has one under way. */
  readonly #channels = new Map<string, Promise<void>>();

  /** @param deps.report receives what became of `enter-floor` */
  constructor(
    options: { application: string },
    deps: { ari: AriPort; report: (conference: string, input: Input) => void },
  ) {
    this.#application = options.application;
    this.#ari = deps.ari;
    this.#report = deps.report;
  }

  /** The id of a conference's floor bridge, the same after any restart. */
  floorId(conference: string): string {
    return `${this.#application}-floor-${conference}`;
  }

  /** The conference whose floor a bridge is, or null. */
  conferenceOfFloor(bridgeId: string): string | null {
    const prefix = this.floorId('');
    return bridgeId.startsWith(prefix) ? bridgeId.slice(prefix.length) : null;
  }

  /** @returns when all is done; rejects with the first `AriError`, after everything else has been tried */
  async run(conference: string, effects: readonly AsteriskEffect[]): Promise<void> {
    const batches = new Map<string, ChannelEffect[]>();
    const work: Promise<void>[] = [];
    for (const effect of effects) {
      if (effect.type === 'open-floor') work.push(this.#openFloor(conference));
      else if (effect.type === 'close-floor') work.push(this.#closeFloor(conference));
      else {
        const batch = batches.get(effect.channelId);
        if (batch) batch.push(effect);
        else batches.set(effect.channelId, [effect]);
      }
    }
    for (const [channelId, batch] of batches) work.push(this.#enqueue(conference, channelId, batch));
    const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  #openFloor(conference: string): Promise<void> {
    const opened = this.#ari.createMixingBridge(this.floorId(conference));
    this.#floors.set(conference, opened);
    opened.catch(() => this.#floors.delete(conference));
    return opened;
  }

  async #closeFloor(conference: string): Promise<void> {
    const opened = this.#floors.get(conference);
    this.#floors.delete(conference);
    await opened?.catch(() => {});
    await this.#ari.destroyBridge(this.floorId(conference));
  }

  #enqueue(conference: string, channelId: string, batch: readonly ChannelEffect[]): Promise<void> {
    const before = this.#channels.get(channelId) ?? Promise.resolve();
    const done = before
      .catch(() => {})
      .then(async () => {
        for (const effect of batch) await this.#perform(conference, effect);
      });
    this.#channels.set(channelId, done);
    const forget = () => {
      if (this.#channels.get(channelId) === done) this.#channels.delete(channelId);
    };
    done.then(forget, forget);
    return done;
  }

  #perform(conference: string, effect: ChannelEffect): Promise<void> {
    const { channelId } = effect;
    switch (effect.type) {
      case 'answer':
        return this.#ari.answer(channelId);
      case 'enter-floor':
        return this.#enterFloor(conference, channelId, effect.voice);
      case 'set-hearing':
        return this.#ari.setDeaf(channelId, !effect.hearing);
      case 'save-member':
        return this.#ari.setVariable(channelId, MEMBER_VARIABLE, serializeMember(effect.member));
      case 'hang-up':
        return this.#ari.hangUp(channelId, HANG_UP_CAUSE[effect.reason]);
    }
  }

  async #enterFloor(conference: string, channelId: string, voice: boolean): Promise<void> {
    const add = () => this.#ari.addChannel(this.floorId(conference), channelId, { mute: !voice });
    await this.#floors.get(conference);
    try {
      await add().catch((error) => {
        if (!isBridgeGone(error)) throw error;
        return this.#openFloor(conference).then(add);
      });
    } catch (error) {
      // If Asterisk is away, the resync after it will try again.
      const refused = error instanceof AriError && error.code === 'refused';
      if (refused && !isChannelGone(error)) this.#report(conference, { type: 'entry-failed', channelId });
      throw error;
    }
    this.#report(conference, { type: 'entered', channelId });
  }
}

/** A caller may hang up at any point; Asterisk then refuses whatever was still to be done to the channel. */
export function isChannelGone(error: unknown): boolean {
  // 400 and 404: no such channel. 409, 412 and 422: it is on its way out of the application.
  return error instanceof AriError && [400, 404, 409, 412, 422].includes(error.status);
}

/** Of `addChannel`: 404 is about the bridge, and 400 about the channel. */
function isBridgeGone(error: unknown): boolean {
  return error instanceof AriError && error.status === 404;
}
