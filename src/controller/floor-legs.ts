import type { Logger } from 'winston';
import type { AriPort } from '../ari/port.ts';
import type { FloorLeg } from '../conference/fan-out.ts';
import type { RtpAddress } from '../relay/protocol.ts';
import type { Names } from './names.ts';
import type { RelayLink } from './relay-link.ts';

const NORMAL_CLEARING = 16;
/** Asterisk's name for 16-bit samples at 8000 Hz. */
const FORMAT = 'slin';

/**
 * The floors' RTP to and from the relay: one ExternalMedia channel in each floor bridge that needs one. What Asterisk sends
 * on it is the mix of everybody there, and what the relay sends back is heard there.
 * @see https://docs.asterisk.org/Development/Reference-Information/Asterisk-Framework-and-API-Examples/External-Media-and-ARI/
 */
export class FloorLegs {
  readonly #ari: AriPort;
  readonly #names: Names;
  readonly #link: RelayLink;
  readonly #logger: Logger;
  /** What is wanted, by conference. Bounded by the conferences. */
  readonly #wanted = new Map<string, FloorLeg>();
  /** Conferences whose channel is being made: the relay may say more than once that it is ready. */
  readonly #opening = new Set<string>();
  /** Where the relay is to be sent to, as it has told last. */
  readonly #local = new Map<string, RtpAddress>();
  /** Where Asterisk sends from. */
  readonly #asterisk = new Map<string, RtpAddress>();

  constructor(deps: { ari: AriPort; names: Names; link: RelayLink; logger: Logger }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
    this.#link = deps.link;
    this.#logger = deps.logger;
  }

  /** Takes over the channel that another controller has made. Before the relay is told everything that is wanted. */
  adopt(conference: string, leg: FloorLeg): void {
    this.#wanted.set(conference, leg);
    this.#tell(conference, leg);
  }

  /** Setting it again is harmless. The channel follows when the relay has a port for it. */
  async set(conference: string, leg: FloorLeg | null): Promise<void> {
    if (leg) {
      this.#wanted.set(conference, leg);
      this.#tell(conference, leg);
      return;
    }
    this.#wanted.delete(conference);
    this.#local.delete(conference);
    this.#asterisk.delete(conference);
    this.#link.endFloor(conference);
    await this.#hangUp(conference);
  }

  /** The relay can be sent to, perhaps elsewhere than before. Rejects with an `AriError`. */
  async opened(conference: string, local: RtpAddress): Promise<void> {
    if (!this.#wanted.has(conference)) return;
    this.#local.set(conference, local);
    if (this.#opening.has(conference)) return;
    this.#opening.add(conference);
    await this.#open(conference, local).finally(() => this.#opening.delete(conference));
  }

  async #open(conference: string, local: RtpAddress): Promise<void> {
    const channelId = this.#names.floorLeg(conference);
    const target = textOf(local);
    // A relay that was started again has the same port, if it could have it.
    const found = await this.#targetOf(channelId);
    if (found === null) {
      const { application } = this.#names;
      await this.#ari.externalMedia({ channelId, application, host: target, format: FORMAT });
    }
    const latest = this.#local.get(conference);
    // It has moved, maybe meanwhile. Once the channel is gone, another one is made.
    if (latest && (found ?? target) !== textOf(latest)) return this.#hangUp(conference);
    if (found !== null) await this.#learn(conference, channelId);
  }

  /** Where a channel sends to, which is in its name; null if there is no such channel. */
  async #targetOf(channelId: string): Promise<string | null> {
    const name = await this.#ari.getVariable(channelId, 'CHANNEL(name)');
    return name && (/^UnicastRTP\/(.*)-0x/.exec(name)?.[1] ?? name);
  }

  /** The channel has entered the application. Rejects with an `AriError`. */
  async entered(conference: string): Promise<void> {
    const channelId = this.#names.floorLeg(conference);
    if (!this.#wanted.has(conference)) return this.#hangUp(conference);
    await this.#ari.addChannel(this.#names.floor(conference), channelId, { mute: false, absorbDtmf: false });
    await this.#learn(conference, channelId);
  }

  /** A channel is gone; one that is still wanted is made anew. */
  gone(conference: string): void {
    this.#local.delete(conference);
    this.#asterisk.delete(conference);
    const leg = this.#wanted.get(conference);
    if (!leg) return;
    this.#logger.warn(`conference ${conference}: its channel to the relay has ended, making it again`);
    this.#link.endFloor(conference);
    this.#tell(conference, leg);
  }

  async #learn(conference: string, channelId: string): Promise<void> {
    const host = await this.#ari.getVariable(channelId, 'UNICASTRTP_LOCAL_ADDRESS');
    const port = await this.#ari.getVariable(channelId, 'UNICASTRTP_LOCAL_PORT');
    const leg = this.#wanted.get(conference);
    if (!leg || !host || !port) return;
    this.#asterisk.set(conference, { host, port: Number(port) });
    this.#tell(conference, leg);
  }

  #tell(conference: string, leg: FloorLeg): void {
    this.#link.setFloor({
      conference,
      asterisk: this.#asterisk.get(conference) ?? null,
      ...leg,
      nodes: [...leg.nodes],
    });
  }

  async #hangUp(conference: string): Promise<void> {
    await this.#ari.hangUp(this.#names.floorLeg(conference), NORMAL_CLEARING).catch(() => {});
  }
}

function textOf({ host, port }: RtpAddress): string {
  return `${host}:${port}`;
}
