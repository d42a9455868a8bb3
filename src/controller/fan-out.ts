import { randomBytes } from 'node:crypto';
import type { AriPort } from '../ari/port.ts';
import type { RelayAudio } from '../conference/arrangement.ts';
import type { LegState, RtpAddress } from '../relay/protocol.ts';
import { ControllerError } from './errors.ts';
import { LEG, type Names } from './names.ts';
import type { RelayLink } from './relay-link.ts';

const NORMAL_CLEARING = 16;
/** The endpoint of asterisk-config/pjsip.conf through which the relay is called. */
const ENDPOINT = 'rostrum-relay';
/** The relay answers within milliseconds. */
const ANSWER_TIMEOUT_MS = 3000;
/** For the phone to answer Asterisk's re-INVITE. */
const DIRECT_TIMEOUT_MS = 4000;
/** The codecs that the relay encodes, by Asterisk's names. */
const CODECS: ReadonlySet<string> = new Set(['ulaw', 'alaw']);

/** One member's way to the relay. */
type Path = {
  readonly conference: string;
  readonly legId: string;
  /** Resolves when the leg has entered the application. */
  readonly answered: Promise<void>;
  readonly answer: () => void;
  readonly fail: (error: Error) => void;
  /** Where the leg's other side is; Asterisk itself at first. */
  remote: RtpAddress | null;
  /** Resolves when the other side has moved. */
  readonly direct: Promise<void>;
  readonly move: () => void;
};

/**
 * Listeners who hear the relay instead of a bridge. Each is bridged with a second channel that ends in the relay; Asterisk
 * then lets phone and relay talk directly, and keeps only the signalling.
 */
export class FanOut {
  readonly #ari: AriPort;
  readonly #names: Names;
  readonly #link: RelayLink;
  readonly #onLost: (channelId: string) => void;
  /** By the member's channel. Bounded by the members. */
  readonly #paths = new Map<string, Path>();

  /** @param deps.onLost is told when a member's leg has ended by itself */
  constructor(deps: { ari: AriPort; names: Names; link: RelayLink; onLost: (channelId: string) => void }) {
    this.#ari = deps.ari;
    this.#names = deps.names;
    this.#link = deps.link;
    this.#onLost = deps.onLost;
  }

  /**
   * Moves a member's channel there. He goes on hearing meanwhile.
   * @returns once he hears the relay, with a promise that his phone and the relay talk directly. Both reject with an
   *   `AriError`, or with a `ControllerError` where that cannot be
   */
  async enter(conference: string, channelId: string, audio: RelayAudio): Promise<{ direct: Promise<void> }> {
    await this.leave(channelId);
    const { sip } = this.#link;
    if (!sip) throw new ControllerError('not-possible', 'there is no relay');
    const codec = (await this.#ari.getVariable(channelId, 'CHANNEL(audionativeformat)'))?.replace(/[()]/g, '') ?? '';
    if (!CODECS.has(codec)) throw new ControllerError('not-possible', `the relay does not speak "${codec}"`);
    const path = this.#begin(conference, channelId, `${randomBytes(4).toString('hex')}-${channelId}`);
    const { legId } = path;
    try {
      this.#link.setListener({ legId, conference, ...audio });
      await this.#ari.originate({
        channelId: this.#names.leg(legId),
        endpoint: `PJSIP/${ENDPOINT}/sip:${legId}@${sip.host}:${sip.port}`,
        formats: codec,
        application: this.#names.application,
        args: [LEG],
        callerId: 'Rostrum',
        timeoutSeconds: ANSWER_TIMEOUT_MS / 1000,
      });
      await within(ANSWER_TIMEOUT_MS, path.answered, 'the relay has not answered');
      await this.#bridge(channelId, path);
    } catch (error) {
      await this.leave(channelId);
      throw error;
    }
    return { direct: within(DIRECT_TIMEOUT_MS, path.direct, 'Asterisk does not let phone and relay talk directly') };
  }

  /** Changes what a member hears there. */
  change(channelId: string, audio: RelayAudio): void {
    const path = this.#paths.get(channelId);
    if (path) this.#link.setListener({ legId: path.legId, conference: path.conference, ...audio });
  }

  /** A member's channel is somewhere else now, or gone. */
  async leave(channelId: string): Promise<void> {
    const path = this.#paths.get(channelId);
    if (!path) return;
    this.#paths.delete(channelId);
    this.#link.endListener(path.legId);
    await this.#ari.hangUp(this.#names.leg(path.legId), NORMAL_CLEARING).catch(() => {});
    await this.#ari.destroyBridge(this.#names.audience(channelId)).catch(() => {});
  }

  /** Takes over a member who was found there. @returns whether the relay has his leg */
  adopt(conference: string, channelId: string, legId: string, audio: RelayAudio): boolean {
    const leg = this.#link.legOf(legId);
    if (!leg) return false;
    const path = this.#begin(conference, channelId, legId);
    path.remote = leg.remote;
    this.#link.setListener({ legId, conference, ...audio });
    return true;
  }

  isWanted(legId: string): boolean {
    return this.#paths.get(channelOf(legId))?.legId === legId;
  }

  /** A leg's channel has entered the application. */
  legEntered(legId: string): void {
    if (this.isWanted(legId)) this.#paths.get(channelOf(legId))?.answer();
  }

  /** A leg's channel is gone. */
  legGone(legId: string): void {
    if (!this.isWanted(legId)) return;
    const channelId = channelOf(legId);
    this.#paths.get(channelId)?.fail(new ControllerError('not-possible', 'the relay has refused the call'));
    this.leave(channelId).catch(() => {});
    this.#onLost(channelId);
  }

  /** The relay tells where a leg's other side is. */
  legMoved(legId: string, { remote }: LegState): void {
    const path = this.isWanted(legId) ? this.#paths.get(channelOf(legId)) : undefined;
    if (!path) return;
    const moved = path.remote !== null && (path.remote.host !== remote.host || path.remote.port !== remote.port);
    path.remote = remote;
    if (moved) path.move();
  }

  async #bridge(channelId: string, { legId }: Path): Promise<void> {
    const bridgeId = this.#names.audience(channelId);
    await this.#ari.createMixingBridge(bridgeId, { direct: true });
    const options = { mute: false, absorbDtmf: false };
    await this.#ari.addChannel(bridgeId, this.#names.leg(legId), options);
    await this.#ari.addChannel(bridgeId, channelId, options);
  }

  #begin(conference: string, channelId: string, legId: string): Path {
    let answer = () => {};
    let fail = (_error: Error) => {};
    let move = () => {};
    const answered = new Promise<void>((resolve, reject) => {
      answer = resolve;
      fail = reject;
    });
    // It may fail when nobody waits for it any more.
    answered.catch(() => {});
    const direct = new Promise<void>((resolve) => {
      move = resolve;
    });
    const path: Path = { conference, legId, answered, answer, fail, remote: null, direct, move };
    this.#paths.set(channelId, path);
    return path;
  }
}

/** The member whose leg it is. */
export function channelOf(legId: string): string {
  return legId.slice(legId.indexOf('-') + 1);
}

async function within<T>(limitMs: number, promise: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ControllerError('not-possible', message)), limitMs);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
