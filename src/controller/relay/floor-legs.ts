import type { Logger } from 'winston';
import type { AriPort } from '../../ari/port.ts';
import type { FloorLeg } from '../../conference/model/floor-leg.ts';
import type { RtpAddress } from '../../relay/protocol/protocol.ts';
import type { Bridges } from '../asterisk/bridges.ts';
import { type ChannelObserver, endChannel } from '../asterisk/channels.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';
import type { RelayLink } from './relay-link.ts';

/** Asterisk's names for what is exchanged with the relay: 16-bit samples, or G.722 for wideband. */
const FORMATS = { 8000: 'slin', 16000: 'g722' } as const;
/**
 * A request that Asterisk has refused or not answered is tried again: without the channel a whole audience hears
 * nothing.
 */
const RETRY_MS = 1000;

export type FloorLegsDeps = {
  ari: AriPort;
  names: ObjectNames;
  bridges: Pick<Bridges, 'floorOpened'>;
  link: RelayLink;
  logger: Logger;
};

/**
 * The floors' RTP to and from the relay: one ExternalMedia channel in each floor bridge that needs one. What Asterisk
 * sends on it is the mix of everybody there, and what the relay sends back is heard there.
 * @see
 * https://docs.asterisk.org/Development/Reference-Information/Asterisk-Framework-and-API-Examples/External-Media-and-ARI/
 */
export class FloorLegs implements ChannelObserver {
  readonly #deps: FloorLegsDeps;
  /** The wanted legs, by conference. Bounded by the conferences. */
  readonly #wanted = new Map<string, FloorLeg>();
  /** Where the relay has floors sent to. */
  readonly #local = new Map<string, RtpAddress>();
  /** The work on the channel of a conference, one thing after the other. */
  readonly #working = new Map<string, Promise<void>>();
  /** By conference, where something has failed and was logged: when it is tried again. Kept until all is done. */
  readonly #retries = new Map<string, NodeJS.Timeout>();
  /** Conferences whose channel is in the floor bridge. */
  readonly #inPlace = new Set<string>();
  /** Where Asterisk sends from. */
  readonly #asterisk = new Map<string, RtpAddress>();

  constructor(deps: FloorLegsDeps) {
    this.#deps = deps;
  }

  /** Setting it again is harmless. The channel follows when the relay has a port for it. */
  async set(conference: string, leg: FloorLeg | null): Promise<void> {
    if (leg) {
      this.#wanted.set(conference, leg);
      this.#sendToRelay(conference, leg);
      return;
    }
    this.#wanted.delete(conference);
    this.#local.delete(conference);
    this.#forget(conference);
    this.#settle(conference);
    this.#deps.link.endFloor(conference);
    await this.#hangUp(conference);
  }

  /**
   * Asterisk was read: these conferences have their channel in the floor bridge. Where it crashed, or the bridge was
   * destroyed, its end was not reported.
   */
  found(conferences: ReadonlySet<string>): void {
    for (const conference of [...this.#inPlace, ...this.#asterisk.keys()]) {
      if (!conferences.has(conference)) this.#forget(conference);
    }
    for (const conference of conferences) this.#inPlace.add(conference);
    for (const conference of this.#wanted.keys()) this.#connect(conference);
  }

  /** The relay can be sent to. */
  opened(conference: string, local: RtpAddress): void {
    if (!this.#wanted.has(conference)) return;
    const before = this.#local.get(conference);
    // Another port than that to which Asterisk sends.
    if (before && before.port !== local.port) this.#asterisk.delete(conference);
    this.#local.set(conference, local);
    this.#connect(conference);
  }

  /** The channel has entered the application. */
  entered(conference: string): void {
    if (!this.#wanted.has(conference)) return void this.#hangUp(conference);
    this.#putOnFloor(conference).then(
      () => this.#settle(conference),
      (error: Error) => this.#tryAgain(conference, error),
    );
  }

  /** A channel to the relay that is still wanted is made again. */
  channelGone(channelId: string, destroyed: boolean): void {
    const conference = this.#deps.names.conferenceOfFloorLeg(channelId);
    if (conference === null || !destroyed) return;
    this.#forget(conference);
    if (!this.#wanted.has(conference)) return;
    this.#deps.logger.warn(`conference ${conference}: its channel to the relay has ended; making it again`);
    this.#connect(conference);
  }

  #forget(conference: string): void {
    this.#asterisk.delete(conference);
    this.#inPlace.delete(conference);
  }

  #connect(conference: string): void {
    const before = this.#working.get(conference) ?? Promise.resolve();
    const done = before
      .then(() => this.#makeChannel(conference))
      .then(() => this.#settle(conference))
      .catch((error: Error) => this.#tryAgain(conference, error))
      .finally(() => {
        if (this.#working.get(conference) === done) this.#working.delete(conference);
      });
    this.#working.set(conference, done);
  }

  async #makeChannel(conference: string): Promise<void> {
    const local = this.#local.get(conference);
    const leg = this.#wanted.get(conference);
    if (!local || !leg || this.#asterisk.has(conference)) return;
    const { ari, names } = this.#deps;
    const channelId = names.floorLeg(conference);
    // A channel that is there already was made before this controller, or the relay, was restarted.
    const name = await ari.getVariable(channelId, 'CHANNEL(name)');
    const format = FORMATS[leg.sampleRateHz];
    const host = `${local.host}:${local.port}`;
    if (name === null) return ari.externalMedia({ channelId, application: names.application, host, format });
    const hasFormat = async () => (await ari.getVariable(channelId, 'CHANNEL(audionativeformat)')) === `(${format})`;
    // It sends to the port of a former relay, or what a former profile said; when it is gone, another one is made.
    if (!name.startsWith(`UnicastRTP/${host}-`) || !(await hasFormat())) return this.#hangUp(conference);
    // Adding it again would make a gap.
    if (this.#inPlace.has(conference)) return this.#learn(conference, channelId);
    return this.#putOnFloor(conference);
  }

  async #putOnFloor(conference: string): Promise<void> {
    const { ari, names, bridges } = this.#deps;
    const channelId = names.floorLeg(conference);
    await bridges.floorOpened(conference);
    await ari.addChannel(names.floor(conference), channelId, { mute: false, absorbDtmf: false });
    this.#inPlace.add(conference);
    await this.#learn(conference, channelId);
  }

  #tryAgain(conference: string, { message }: Error): void {
    if (!this.#retries.has(conference))
      this.#deps.logger.warn(
        `conference ${conference}: no channel to the relay yet, so its listeners hear nothing; trying again: ${message}`,
      );
    clearTimeout(this.#retries.get(conference));
    this.#retries.set(conference, setTimeout(() => this.#connect(conference), RETRY_MS).unref());
  }

  #settle(conference: string): void {
    // Making the channel and putting it on the floor are two things, and one of them may have failed.
    if (this.#wanted.has(conference) && !this.#asterisk.has(conference)) return;
    clearTimeout(this.#retries.get(conference));
    this.#retries.delete(conference);
  }

  async #learn(conference: string, channelId: string): Promise<void> {
    const { ari } = this.#deps;
    const host = await ari.getVariable(channelId, 'UNICASTRTP_LOCAL_ADDRESS');
    const port = await ari.getVariable(channelId, 'UNICASTRTP_LOCAL_PORT');
    const leg = this.#wanted.get(conference);
    if (!leg || !host || !port) return;
    this.#asterisk.set(conference, { host, port: Number(port) });
    this.#sendToRelay(conference, leg);
  }

  #sendToRelay(conference: string, leg: FloorLeg): void {
    const asterisk = this.#asterisk.get(conference) ?? null;
    this.#deps.link.setFloor({ conference, asterisk, ...leg, nodes: [...leg.nodes] });
  }

  #hangUp(conference: string): Promise<void> {
    return endChannel(this.#deps.ari, this.#deps.names.floorLeg(conference));
  }
}
