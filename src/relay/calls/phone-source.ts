import type { RtpAddress } from '../protocol/protocol.ts';
import type { PhoneSourceState } from '../upgrade/succession.ts';

/** While the phone is heard, a packet of another stream from its address does not move it. */
const HEARD_LATELY_MS = 100;
/** Where any address is allowed, a new one counts when the phone has not been heard for so long. */
const SILENT_MS = 2000;

export type PhoneSourceOptions = {
  /** Where the phone wants its sound, as it has said. */
  readonly told: RtpAddress | null;
  /** Addresses from which it may send; any where there is none. */
  readonly hosts: readonly string[];
  /** From where it has sent before, as another process has seen. */
  readonly known: RtpAddress | null;
};

/**
 * From where a phone sends. Only the addresses that its signalling has named are believed, unless any may send. The port is
 * whatever it sends from: behind NAT nobody knows it before, and it changes when the NAT forgets, or the phone changes
 * networks. So a packet from another port is followed at once if it continues the phone's own stream, which a stranger cannot
 * know, or if the phone is not heard just now. Whatever happened in between, the phone wins its stream back with its next
 * packet, where only named addresses may send.
 */
export class PhoneSource {
  readonly #options: PhoneSourceOptions;
  readonly #state: PhoneSourceState;

  constructor(options: PhoneSourceOptions, continued: PhoneSourceState | null = null) {
    const { told, known } = options;
    const { host, port } = known ?? told ?? { host: '', port: 0 };
    this.#options = options;
    this.#state = continued
      ? { ...continued }
      : { host, port, isKnown: known !== null, ssrc: -1, heardAtMs: Number.NEGATIVE_INFINITY };
  }

  get state(): PhoneSourceState {
    return { ...this.#state };
  }

  /** Where it sends from, or says that it is; null where nothing is known. */
  get address(): RtpAddress | null {
    return this.#state.port === 0 ? null : { host: this.#state.host, port: this.#state.port };
  }

  /** Whether it sends from where it has said that it is. */
  get isTold(): boolean {
    const { told } = this.#options;
    return told !== null && told.port === this.#state.port && told.host === this.#state.host;
  }

  /** Whether it has sent anything. */
  get isKnown(): boolean {
    return this.#state.isKnown;
  }

  /**
   * Whether RTCP from this address is believed. Where any may send, only that in its SDP and the one from which it sends are,
   * once it has sent.
   */
  allows(host: string): boolean {
    const { hosts, told } = this.#options;
    if (hosts.length > 0) return hosts.includes(host);
    return !this.#state.isKnown || host === this.#state.host || host === told?.host;
  }

  /** HOT PATH. @returns whether the packet is the phone's; `moved` tells whether it came from somewhere else than before */
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
    // There is no such port: the packet was forged.
    if (port === 0) return false;
    const { hosts, told } = this.#options;
    if (told?.port === port && told.host === host) return true;
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
