import type { RtpAddress } from '../protocol/protocol.ts';
import type { PhoneSourceState } from '../upgrade/succession.ts';

/** While the phone is heard, a packet of another stream from its address does not move it. */
const HEARD_LATELY_MS = 100;
/** Where any address is allowed, a new one is accepted after the phone was silent for so long. */
const SILENT_MS = 2000;
/** An address from which nothing has come gets audio for so long. */
const UNPROVEN_MS = 5000;
/** So often at most, since a description may name an address of somebody else each time. */
const UNPROVEN_EVERY_MS = 60_000;

export type PhoneSourceOptions = {
  /** The address in the phone's description (SDP). */
  readonly described: RtpAddress | null;
  /** The addresses that it may send from; an empty list allows any. */
  readonly hosts: readonly string[];
  /** The address that it has sent from before, as another process has seen. */
  readonly known: RtpAddress | null;
  /** The host that the phone's SIP comes from; null if it is not told. */
  readonly signalling: string | null;
};

/**
 * The address that a phone sends from. Only the hosts in its signalling are trusted, unless any may send. Behind NAT the port is unknown
 * before, and it changes when the NAT forgets it, or the phone changes networks. So a packet from another port is
 * followed at once if it continues the phone's own stream, which a stranger cannot know, or if the phone is not heard
 * just now. Where only named hosts may send, the phone wins its stream back with its next packet in any case.
 */
export class PhoneSource {
  #options: PhoneSourceOptions;
  readonly #state: PhoneSourceState;

  constructor(options: PhoneSourceOptions, nowMs: number, continued: PhoneSourceState | null = null) {
    const { described, known } = options;
    const { host, port } = known ?? described ?? { host: '', port: 0 };
    this.#options = options;
    this.#state = continued
      ? { ...continued }
      : {
          host,
          port,
          isKnown: known !== null,
          ssrc: -1,
          heardAtMs: Number.NEGATIVE_INFINITY,
          heardHost: '',
          unprovenUntilMs: nowMs + UNPROVEN_MS,
        };
  }

  get state(): PhoneSourceState {
    return { ...this.#state };
  }

  /** The address that it sends from or has described; null if none is known. */
  get address(): RtpAddress | null {
    return this.#state.port === 0 ? null : { host: this.#state.host, port: this.#state.port };
  }

  /** Whether it sends from the address that it has described. */
  get isDescribed(): boolean {
    const { described } = this.#options;
    return described !== null && described.port === this.#state.port && described.host === this.#state.host;
  }

  /** Whether it has sent anything. */
  get isKnown(): boolean {
    return this.#state.isKnown;
  }

  /**
   * Whether RTCP from this host is accepted. Where any host may send, only the one in the SDP and the one that the
   * phone sends from are accepted once it has sent.
   */
  allows(host: string): boolean {
    const { hosts, described } = this.#options;
    if (hosts.length > 0) return hosts.includes(host);
    return !this.#state.isKnown || host === this.#state.host || host === described?.host;
  }

  /** RTCP has come from this host, which is allowed. */
  heardRtcp(host: string): void {
    this.#state.heardHost = host;
  }

  /**
   * Whether audio may be sent to `address`. A description may name somebody else's: so something must have come from
   * there, either SIP, RTP or RTCP, or must come soon. A phone that sends no audio is known by its SIP.
   */
  mayReceive(nowMs: number): boolean {
    const { host, port, isKnown, heardHost, unprovenUntilMs } = this.#state;
    const { signalling } = this.#options;
    if (port === 0) return false;
    return isKnown || signalling === null || [signalling, heardHost].includes(host) || nowMs < unprovenUntilMs;
  }

  /**
   * The phone has described its audio again. If it was sending from the address before, its packets come from the new
   * one. @returns whether the address from which it has sent is forgotten
   */
  describe({ described, hosts }: Pick<PhoneSourceOptions, 'described' | 'hosts'>, nowMs: number): boolean {
    const { isKnown, host, unprovenUntilMs } = this.#state;
    const follows = this.isDescribed || !isKnown;
    this.#options = { ...this.#options, described, hosts };
    if (!follows || !described || this.isDescribed) return false;
    if (isKnown) this.#state.heardHost = host;
    if (nowMs >= unprovenUntilMs - UNPROVEN_MS + UNPROVEN_EVERY_MS) this.#state.unprovenUntilMs = nowMs + UNPROVEN_MS;
    this.#state.host = described.host;
    this.#state.port = described.port;
    this.#state.isKnown = false;
    return isKnown;
  }

  /** HOT PATH. @returns whether the packet is the phone's; `moved` means that the phone's address has changed */
  accepts(host: string, port: number, ssrc: number, nowMs: number): 'same' | 'moved' | 'stranger' {
    const isSame = this.#state.isKnown && port === this.#state.port && host === this.#state.host;
    if (!isSame && !this.#isPlausible(host, port, ssrc, nowMs)) return 'stranger';
    this.#state.ssrc = ssrc;
    this.#state.heardAtMs = nowMs;
    if (isSame) return 'same';
    this.#state.isKnown = true;
    this.#state.host = host;
    this.#state.port = port;
    return 'moved';
  }

  #isPlausible(host: string, port: number, ssrc: number, nowMs: number): boolean {
    // Port 0 does not exist: the packet was forged.
    if (port === 0) return false;
    const { hosts, described } = this.#options;
    if (described?.port === port && described.host === host) return true;
    const sinceHeardMs = nowMs - this.#state.heardAtMs;
    if (
      hosts.length > 0
        ? !hosts.includes(host)
        : host !== this.#state.host && this.#state.isKnown && sinceHeardMs < SILENT_MS
    ) {
      return false;
    }
    return !this.#state.isKnown || ssrc === this.#state.ssrc || sinceHeardMs > HEARD_LATELY_MS;
  }
}
