import { randomBytes } from 'node:crypto';
import type { AriPort } from '../ari/port.ts';
import type { RelayAudio } from '../conference/arrangement.ts';
import { isDirect, type LegState } from '../relay/protocol.ts';
import { DirectMedia } from './direct-media.ts';
import { ControllerError } from './errors.ts';
import { LEG, type Names, VOLUME_VARIABLE } from './names.ts';
import type { RelayLink } from './relay-link.ts';

const NORMAL_CLEARING = 16;
/** The endpoint of asterisk-config/pjsip.conf through which the relay is called. */
const ENDPOINT = 'rostrum-relay';
/** The relay answers within milliseconds. */
const ANSWER_TIMEOUT_MS = 3000;
/** For Asterisk to send its re-INVITEs. */
const DIRECT_TIMEOUT_MS = 4000;
/** The codecs that the relay encodes, by Asterisk's names. */
const CODECS: ReadonlySet<string> = new Set(['ulaw', 'alaw']);

/** One member's way to the relay. */
type Path = {
  readonly conference: string;
  readonly channelId: string;
  readonly legId: string;
  /** Resolves when the leg has entered the application; rejects when the path has ended. */
  readonly answered: Promise<void>;
  readonly answer: () => void;
  readonly fail: (error: Error) => void;
  /** Resolves when phone and relay talk directly. */
  readonly direct: Promise<void>;
  readonly move: () => void;
};

export type FanOutDeps = {
  ari: AriPort;
  names: Names;
  link: RelayLink;
  /** Is told when a member's leg has ended by itself. */
  onLost: (channelId: string) => void;
  /** Whether a member is being played a prompt over what he hears, for which Asterisk takes his media back. */
  isPrompted: (channelId: string) => boolean;
};

/**
 * Listeners who hear the relay instead of a bridge. Each is bridged with a second channel that ends in the relay; Asterisk
 * then lets phone and relay talk directly, and keeps only the signalling.
 */
export class FanOut {
  readonly #deps: FanOutDeps;
  readonly #ari: AriPort;
  readonly #names: Names;
  readonly #link: RelayLink;
  readonly #directMedia: DirectMedia;
  /** By the member's channel. Bounded by the members. */
  readonly #paths = new Map<string, Path>();

  constructor(deps: FanOutDeps) {
    this.#deps = deps;
    this.#ari = deps.ari;
    this.#names = deps.names;
    this.#link = deps.link;
    this.#directMedia = new DirectMedia({ ari: deps.ari, now: () => performance.now() });
  }

  /**
   * Moves a member's channel there. He goes on hearing meanwhile.
   * @returns once he hears the relay, with a promise of whether his phone and the relay talk directly: false if he is
   *   somewhere else again. Both reject with an `AriError`, or with a `ControllerError` where that cannot be
   */
  async enter(conference: string, channelId: string, audio: RelayAudio): Promise<{ direct: Promise<boolean> }> {
    const former = this.#paths.get(channelId);
    try {
      const codec = await this.#codecFor(channelId);
      const path = this.#begin(conference, channelId, `${randomBytes(4).toString('hex')}-${channelId}`);
      try {
        await this.#callRelay(path, codec, audio);
        await this.#bridge(path);
        // He may have gone meanwhile, and what was made since then is in nobody's way but ours.
        await path.answered;
        if (!this.isWanted(path.legId)) throw gone();
      } catch (error) {
        await this.#end(path);
        throw error;
      }
      return { direct: this.#directly(path) };
    } finally {
      // He hears it until he hears the new one.
      if (former) await this.#end(former);
    }
  }

  /** Changes what a member hears there. */
  change(channelId: string, audio: RelayAudio): void {
    const path = this.#paths.get(channelId);
    if (path) this.#link.setListener({ legId: path.legId, conference: path.conference, ...audio });
  }

  /** A member's channel is somewhere else now, or gone. */
  async leave(channelId: string): Promise<void> {
    const path = this.#paths.get(channelId);
    if (path) await this.#end(path);
  }

  /** Takes over a member who was found there. @returns whether the relay has his leg */
  adopt(conference: string, channelId: string, legId: string, audio: RelayAudio): boolean {
    const known = this.#paths.get(channelId);
    if (known) return known.legId === legId;
    if (!this.#link.legOf(legId)) return false;
    this.#begin(conference, channelId, legId);
    this.#link.setListener({ legId, conference, ...audio });
    return true;
  }

  /** Ends the ways of those of whose end nobody has told. */
  forgetStrangers(isMember: (channelId: string) => boolean): void {
    for (const channelId of this.#paths.keys()) if (!isMember(channelId)) this.leave(channelId).catch(() => {});
  }

  isWanted(legId: string): boolean {
    return this.#paths.get(channelOf(legId))?.legId === legId;
  }

  /** A leg's channel has entered the application. */
  legEntered(legId: string): void {
    if (this.isWanted(legId)) this.#paths.get(channelOf(legId))?.answer();
    else this.#ari.hangUp(this.#names.leg(legId), NORMAL_CLEARING).catch(() => {});
  }

  /** A leg's channel is gone. */
  legGone(legId: string): void {
    if (!this.isWanted(legId)) return;
    const channelId = channelOf(legId);
    this.leave(channelId).catch(() => {});
    this.#deps.onLost(channelId);
  }

  /** The relay tells where a leg's other side is. */
  legMoved(legId: string, leg: LegState): void {
    if (isDirect(leg) && this.isWanted(legId)) this.#paths.get(channelOf(legId))?.move();
  }

  /** @returns the codec in which he is to be sent to; rejects if Asterisk would have to pass his media on */
  async #codecFor(channelId: string): Promise<string> {
    if (!this.#link.sip) throw new ControllerError('not-possible', 'there is no relay');
    const [allowed, formats, volume] = await Promise.all([
      this.#directMedia.isAllowed(channelId),
      this.#ari.getVariable(channelId, 'CHANNEL(audionativeformat)'),
      this.#ari.getVariable(channelId, VOLUME_VARIABLE),
    ]);
    if (!allowed) throw new ControllerError('not-possible', 'his endpoint in Asterisk has direct_media = no');
    const codec = formats?.replace(/[()]/g, '') ?? '';
    if (!CODECS.has(codec)) throw new ControllerError('not-possible', `the relay does not speak "${codec}"`);
    if (volume)
      throw new ControllerError('not-possible', 'he has had a volume in Asterisk, which holds his media there');
    return codec;
  }

  async #callRelay({ legId, conference, answered }: Path, codec: string, audio: RelayAudio): Promise<void> {
    const { sip } = this.#link;
    if (!sip) throw new ControllerError('not-possible', 'there is no relay');
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
    await within(ANSWER_TIMEOUT_MS, answered, 'the relay has not answered');
  }

  async #bridge({ legId, channelId }: Path): Promise<void> {
    const bridgeId = this.#names.audience(legId);
    await this.#ari.createMixingBridge(bridgeId, { direct: true });
    const options = { mute: false, absorbDtmf: false };
    await this.#ari.addChannel(bridgeId, this.#names.leg(legId), options);
    await this.#ari.addChannel(bridgeId, channelId, options);
  }

  async #directly({ channelId, legId, direct }: Path): Promise<boolean> {
    try {
      await within(DIRECT_TIMEOUT_MS, direct, 'Asterisk does not let phone and relay talk directly');
    } catch (error) {
      // It will when the prompt is over.
      if (this.isWanted(legId) && !this.#deps.isPrompted(channelId)) throw error;
    }
    return this.isWanted(legId);
  }

  /** Doing it again is harmless: what was half made meanwhile ends too. */
  async #end(path: Path): Promise<void> {
    const { channelId, legId } = path;
    if (this.#paths.get(channelId) === path) this.#paths.delete(channelId);
    path.fail(gone());
    this.#link.endListener(legId);
    await this.#ari.hangUp(this.#names.leg(legId), NORMAL_CLEARING).catch(() => {});
    await this.#ari.destroyBridge(this.#names.audience(legId)).catch(() => {});
  }

  #begin(conference: string, channelId: string, legId: string): Path {
    let answer = () => {};
    let fail = (_error: Error) => {};
    let move = () => {};
    const answered = new Promise<void>((resolve, reject) => {
      answer = resolve;
      fail = reject;
    });
    const direct = new Promise<void>((resolve) => {
      move = resolve;
    });
    // It may fail when nobody waits for it any more.
    answered.catch(() => {});
    const path: Path = { conference, channelId, legId, answered, answer, fail, direct, move };
    this.#paths.set(channelId, path);
    return path;
  }
}

/** The member whose leg it is. */
export function channelOf(legId: string): string {
  return legId.slice(legId.indexOf('-') + 1);
}

function gone(): ControllerError {
  return new ControllerError('not-possible', 'the leg to the relay has ended');
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
