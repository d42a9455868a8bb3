import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';
import { CONGESTION } from '../../ari/causes.ts';
import { AriError, isChannelGone } from '../../ari/errors.ts';
import type { AriChannel, AriPort } from '../../ari/port.ts';
import { equals } from '../../base/equals.ts';
import type { ChannelSetup, Hearing } from '../../conference/model/channel-setup.ts';
import type { Path } from '../../conference/model/member.ts';
import { firstAddress, localAddresses } from '../../config/relay-config.ts';
import type { CallSpec } from '../../relay/protocol/protocol.ts';
import { withTimeout } from '../../timing/with-timeout.ts';
import { isAnyAddress } from '../../udp/socket-address.ts';
import { type ChannelObserver, logFailure } from '../asterisk/channels.ts';
import { PHONE_HOLD } from '../asterisk/dialplan.ts';
import { ControllerError } from '../errors/controller-error.ts';
import type { RelayLink } from '../relay/relay-link.ts';
import {
  type CallRtpOptions,
  CHANGED_VARIABLES,
  callSpecOf,
  describedAgain,
  endpointOf,
  INCOMING_VARIABLES,
  OFFER_BYTES,
  OUTGOING_VARIABLES,
  pathOf,
  type RtpValues,
  readsTransport,
} from './call-rtp.ts';
import { Endpoints } from './endpoints.ts';

/**
 * Asterisk has the port a few milliseconds after it was told to send the phone its description; one that is busy takes
 * longer. It is asked ever less often, for 5 s.
 */
const FIRST_READ_AGAIN_MS = 20;
const LAST_READ_AGAIN_MS = 320;
const READ_TRIES = 20;
/** For the relay to open a port. One that is being started is waited for; the caller hears ringing meanwhile. */
const OPEN_TIMEOUT_MS = 30_000;
/** The transport by which Asterisk calls phones of an endpoint that names none: see asterisk-config/pjsip.conf. */
const STANDARD_TRANSPORT = 'transport-udp';
/** Their ids are in the URL, of which Asterisk reads 2000 characters. */
const SUBSCRIBED_AT_ONCE = 25;
/** The answer to a session refresh, and the end of a phone that gives none, are Asterisk's business. */
const REFRESH = 'PJSIP_SEND_SESSION_REFRESH()';

type Call = Pick<AriChannel, 'id' | 'name' | 'dialled'>;

type Anchor = {
  /** Resolves when it is known how the member hears; rejects if the call cannot be taken. */
  path: Promise<Path>;
  /** Null until the relay has it. */
  spec: CallSpec | null;
  /** The phone has held the call from its beginning. */
  isHeld: boolean;
  /** `pending` while the caller waits for the path. */
  state: 'pending' | 'in' | 'failed';
  /** The relay has opened the port; rejects if it cannot, or the call has ended. */
  readonly isOpen: Promise<void>;
  readonly opened: () => void;
  readonly fail: (error: Error) => void;
  /** Whether its description is being read, and is to be read once more then. */
  reading: 'no' | 'once' | 'again';
};

export type AnchorsOptions = {
  application: string;
  /** Phones may send from addresses that were not signalled: `relay.sources: any`. */
  anySource: boolean;
};
export type AnchorsDeps = {
  ari: AriPort;
  link: RelayLink;
  logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
  /** A caller hears a conference in another way from now on, because the codec has changed. */
  onPath: (channelId: string, path: Path) => void;
};

/**
 * The relay stands between each phone and Asterisk, as the anchor of the call's RTP: this is set up before the call is
 * answered. From then on all sound of the call goes through the relay, which sends the phone what Asterisk sends, or a
 * conference.
 */
export class Anchors implements ChannelObserver {
  readonly #options: AnchorsOptions;
  readonly #deps: AnchorsDeps;
  readonly #endpoints: Endpoints;
  /** By channel. Bounded by the calls of Asterisk. */
  readonly #anchors = new Map<string, Anchor>();

  constructor(options: AnchorsOptions, deps: AnchorsDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#endpoints = new Endpoints(deps);
  }

  /**
   * Has the relay take the RTP of a call, before anything is sent to its phone. Doing it again is harmless.
   * @returns how the caller can hear a conference; at once where Asterisk need not be asked. Rejects with an
   * `AriError`, or with a `ControllerError` `not-possible` where the relay cannot open the port: the call cannot be
   * heard then
   */
  ensure(channel: Call): Path | Promise<Path> {
    const known = this.#anchors.get(channel.id);
    if (known && known.state !== 'failed') return known.path;
    const endpoint = endpointOf(channel.name);
    if (endpoint === null) return { at: 'bridge', reason: 'not a SIP call' };
    let opened = () => {};
    let fail = (_: Error) => {};
    const isOpen = new Promise<void>((resolve, reject) => {
      opened = resolve;
      fail = reject;
    });
    isOpen.catch(() => {});
    const anchor: Anchor = {
      path: Promise.reject(),
      spec: null,
      isHeld: false,
      state: 'pending',
      isOpen,
      opened,
      fail,
      reading: 'no',
    };
    anchor.path.catch(() => {});
    this.#anchors.set(channel.id, anchor);
    anchor.path = this.#begin(anchor, channel, endpoint);
    anchor.path.then(
      () => {
        anchor.state = 'in';
      },
      () => {
        anchor.state = 'failed';
      },
    );
    return anchor.path;
  }

  /** Whether a call's RTP is, or is about to be, in the hands of the relay. */
  has(channelId: string): boolean {
    return this.#anchors.has(channelId);
  }

  /** Whether the phone held the call when its RTP was first looked at; events tell of what it has done since. */
  wasHeld(channelId: string): boolean {
    return this.#anchors.get(channelId)?.isHeld ?? false;
  }

  /**
   * The listener hears this conference from now on, and nobody hears the listener; null lets everything pass to and
   * from Asterisk.
   */
  hear(channelId: string, conference: string, hearing: Hearing | null): void {
    this.#change(channelId, { hearing: hearing && { conference, ...hearing } });
  }

  /** From this loudness on it is reported that the phone talks; null if nobody asks. */
  watchTalk(channelId: string, talkLevel: number | null): void {
    this.#change(channelId, { talkLevel });
  }

  /** Audio that is softer than a level is not passed on to Asterisk from now on; null passes all. */
  gate(channelId: string, gate: ChannelSetup['gate']): void {
    this.#change(channelId, { gate });
  }

  /** A call that goes on in the dialplan is passed on to it. */
  channelGone(channelId: string, destroyed: boolean): void {
    if (destroyed) return this.#end(channelId);
    const anchor = this.#anchors.get(channelId);
    if (!anchor) return;
    if (!anchor.spec) return this.#end(channelId);
    this.#change(channelId, { hearing: null, talkLevel: null, gate: null });
    // Asterisk tells the application of the end only if it is asked to, and refuses that where there is no such channel.
    this.#subscribeEach([channelId]).catch((error: Error) => {
      this.#deps.logger.debug(`call ${channelId}: its end will not be reported: ${error.message}`);
    });
  }

  /** The call has ended. */
  #end(channelId: string): void {
    const anchor = this.#anchors.get(channelId);
    this.#anchors.delete(channelId);
    anchor?.fail(new ControllerError('not-possible', 'the call has ended'));
    this.#deps.link.endCall(channelId);
  }

  /**
   * Asterisk has these channels, and no others. Calls that are in the dialplan again are still passed on. Asterisk
   * tells of the end of them all from now on; it forgets who wants to know when a controller goes. Rejects with an
   * `AriError`.
   */
  async retain(living: ReadonlySet<string>): Promise<void> {
    const { ari, link } = this.#deps;
    const kept = link.calls.filter((channelId) => living.has(channelId));
    for (const channelId of [...this.#anchors.keys(), ...link.calls]) if (!living.has(channelId)) this.#end(channelId);
    for (const channelId of kept) {
      const call = link.callOf(channelId);
      if (call && !this.#anchors.has(channelId)) link.setCall({ ...call, hearing: null, talkLevel: null, gate: null });
    }
    for (let at = 0; at < kept.length; at += SUBSCRIBED_AT_ONCE) {
      const some = kept.slice(at, at + SUBSCRIBED_AT_ONCE);
      // A channel that has ended meanwhile makes Asterisk refuse the whole request.
      await ari.subscribeToChannels(this.#options.application, some).catch(() => this.#subscribeEach(some));
    }
  }

  async #subscribeEach(channelIds: readonly string[]): Promise<void> {
    const { ari } = this.#deps;
    const { application } = this.#options;
    for (const channelId of channelIds) {
      await ari.subscribeToChannels(application, [channelId]).catch((error: Error) => {
        if (!isChannelGone(error)) throw error;
        this.#end(channelId);
      });
    }
  }

  /** The relay has opened the port of a call, or could not. */
  settled(channelId: string, problem: string | null): void {
    const anchor = this.#anchors.get(channelId);
    if (problem === null) return anchor?.opened();
    anchor?.fail(new ControllerError('not-possible', problem));
    if (anchor ? anchor.state === 'in' : this.#deps.link.callOf(channelId)) this.#hangUp(channelId, problem);
  }

  /** Hangs up a call that would be left in silence. */
  #hangUp(channelId: string, problem: string): void {
    const { ari, logger } = this.#deps;
    logger.error(`call ${channelId}: hung up, because the relay cannot open its RTP port: ${problem}`);
    ari.hangUp(channelId, CONGESTION).catch((error: Error) => {
      if (!isChannelGone(error)) logger.error(`call ${channelId}: not hung up: ${error.message}`);
    });
  }

  /**
   * The phone may have described its audio again (re-INVITE), of which Asterisk tells nothing. The relay follows what
   * the phone says now.
   */
  describedAgain(channelId: string): void {
    const { ari, logger, onPath } = this.#deps;
    const known = this.#anchors.get(channelId);
    if (!known?.spec) return;
    if (known.reading !== 'no') {
      known.reading = 'again';
      return;
    }
    known.reading = 'once';
    const read = async () => {
      const values = await ari.readVariables(channelId, CHANGED_VARIABLES);
      const anchor = this.#anchors.get(channelId);
      if (!anchor?.spec) return;
      const before = pathOf(anchor.spec);
      const spec = describedAgain(anchor.spec, values);
      const path = pathOf(spec);
      this.#set(anchor, spec);
      anchor.path = Promise.resolve(path);
      if (path.at !== before.at) onPath(channelId, path);
    };
    const done = read().finally(() => {
      const isToRepeat = known.reading === 'again';
      known.reading = 'no';
      if (isToRepeat) this.describedAgain(channelId);
    });
    logFailure(logger, `call ${channelId}: its description was not read again`, done);
  }

  /**
   * Nothing comes from a phone: Asterisk asks it by SIP whether it is there, and ends the call if it does not answer.
   */
  silent(channelId: string, seconds: number): void {
    if (!this.#anchors.has(channelId)) return;
    const { ari, logger } = this.#deps;
    logger.debug(`call ${channelId}: nothing from its phone for ${seconds} s; asking it by SIP`);
    logFailure(logger, `call ${channelId}: not asked by SIP`, ari.setVariable(channelId, REFRESH, 'update'));
  }

  async #begin(anchor: Anchor, channel: Call, endpoint: string): Promise<Path> {
    const { ari, link } = this.#deps;
    const { id } = channel;
    const found = link.callOf(id);
    if (found) {
      this.#set(anchor, found);
      anchor.opened();
      return pathOf(found);
    }
    const media = await this.#endpoints.mediaOf(endpoint, id);
    if (this.#anchors.get(id) !== anchor) return gone();
    if ('reason' in media) return { at: 'bridge', reason: media.reason };
    const isEarly = channel.dialled !== null;
    if (isEarly) {
      if (!link.status.connected) await ari.ring(id);
      await withTimeout(link.connected(), OPEN_TIMEOUT_MS, tooLate);
      await ari.progress(id);
    }
    const { spec, isHeld } = await this.#readRtp(channel, endpoint, media.mediaAddress);
    if (this.#anchors.get(id) !== anchor) return gone();
    anchor.isHeld = isHeld;
    if ('reason' in spec) return { at: 'bridge', reason: spec.reason };
    this.#set(anchor, spec);
    // The phone of an answered call sends already, and no caller waits.
    if (isEarly) await withTimeout(anchor.isOpen, OPEN_TIMEOUT_MS, tooLate);
    return pathOf(spec);
  }

  async #readRtp(
    { id, dialled }: Call,
    endpoint: string,
    mediaAddress: string,
  ): Promise<{ spec: CallSpec | { reason: string }; isHeld: boolean }> {
    const { anySource } = this.#options;
    const specOf = (values: RtpValues, localHost: CallRtpOptions['localHost']) => ({
      spec: callSpecOf(id, values, { mediaAddress, localHost, anySource }),
      isHeld: values[PHONE_HOLD] === '1',
    });
    for (let tries = 1; ; tries++) {
      const incoming = await this.#readUnlessEarly(id, INCOMING_VARIABLES);
      if (incoming) return specOf(incoming, null);
      const outgoing = dialled === null ? await this.#readUnlessEarly(id, OUTGOING_VARIABLES) : null;
      if (outgoing) return specOf(outgoing, await this.#localHostOf(endpoint, id, isIPv6(mediaAddress) ? 6 : 4));
      if (tries >= READ_TRIES) throw new ControllerError('not-possible', 'Asterisk does not tell its RTP port');
      if (tries === 1 && dialled !== null) await this.#answerWithoutOffer(id);
      await sleep(Math.min(FIRST_READ_AGAIN_MS * 2 ** (tries - 1), LAST_READ_AGAIN_MS));
    }
  }

  /**
   * A phone that has sent no description of its audio sends it when it acknowledges the answer (RFC 3264, section 4):
   * Asterisk has a port only then.
   */
  async #answerWithoutOffer(channelId: string): Promise<void> {
    const read = await this.#readUnlessEarly(channelId, [OFFER_BYTES]);
    if (read?.[OFFER_BYTES] === '0') await this.#deps.ari.answer(channelId);
  }

  /** @returns null where Asterisk does not know all of them yet, or never will. Rejects with an `AriError` */
  async #readUnlessEarly(channelId: string, names: readonly (keyof RtpValues)[]): Promise<RtpValues | null> {
    try {
      return await this.#deps.ari.readVariables(channelId, names);
    } catch (error) {
      if (error instanceof AriError && error.status === 500) return null;
      throw error;
    }
  }

  /** The address from which Asterisk calls phones of an endpoint. */
  async #localHostOf(endpoint: string, channelId: string, version: 4 | 6): Promise<string> {
    const { ari } = this.#deps;
    const name = (await ari.getVariable(channelId, readsTransport(endpoint))) || STANDARD_TRANSPORT;
    const { bindHost, externalMediaAddress } = await ari.readTransport(name);
    if (bindHost !== '' && !isAnyAddress(bindHost)) return bindHost;
    // Behind NAT it is not an address of this host.
    return localAddresses().includes(externalMediaAddress) ? externalMediaAddress : firstAddress(version);
  }

  #change(channelId: string, changes: Pick<Partial<CallSpec>, 'hearing' | 'talkLevel' | 'gate'>): void {
    const anchor = this.#anchors.get(channelId);
    if (!anchor?.spec) return;
    const spec = { ...anchor.spec, ...changes };
    if (!equals(spec, anchor.spec)) this.#set(anchor, spec);
  }

  #set(anchor: Anchor, spec: CallSpec): void {
    // The relay tells of it, also that it counts no longer.
    const { source } = this.#deps.link.callOf(spec.channelId) ?? spec;
    anchor.spec = { ...spec, source };
    this.#deps.link.setCall(anchor.spec);
  }
}

function gone(): never {
  throw new ControllerError('not-possible', 'the call has ended');
}

function tooLate(): never {
  throw new ControllerError('not-possible', 'the relay does not open its port');
}
