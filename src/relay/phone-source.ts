import type { RtpAddress } from './protocol.ts';

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
 * From where a phone sends. Only the addresses that its signalling has named are believed. The port is whatever it sends
 * from: behind NAT nobody knows it before, and it changes when the NAT forgets, or the phone changes networks. So a packet
 * from another port is followed at once if it continues the phone's own stream, which a stranger cannot know, or if the
 * phone is not heard just now. Whatever happened in between, the phone wins its stream back with its next packet.
 */
export class PhoneSource {
  readonly #options: PhoneSourceOptions;
  #host: string;
  #port: number;
  #isKnown: boolean;
  #ssrc = -1;
  #heardAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: PhoneSourceOptions) {
    const { told, known } = options;
    this.#options = options;
    this.#isKnown = known !== null;
    this.#host = (known ?? told)?.host ?? '';
    this.#port = (known ?? told)?.port ?? 0;
  }

  /** Where it sends from, or says that it is; null where nothing is known. */
  get address(): RtpAddress | null {
    return this.#port === 0 ? null : { host: this.#host, port: this.#port };
  }

  /** Whether it has sent anything. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether a phone may send from this address at all. */
  allows(host: string): boolean {
    const { hosts } = this.#options;
    return hosts.length === 0 || hosts.includes(host);
  }

  /** HOT PATH. @returns whether the packet is the phone's; `moved` tells whether it came from somewhere else than before */
  accepts(host: string, port: number, ssrc: number, nowMs: number): 'same' | 'moved' | 'stranger' {
    const isSame = this.#isKnown && port === this.#port && host === this.#host;
    if (!isSame && !this.#isPlausible(host, port, ssrc, nowMs)) return 'stranger';
    this.#ssrc = ssrc;
    this.#heardAtMs = nowMs;
    if (isSame) return 'same';
    this.#isKnown = true;
    this.#host = host;
    this.#port = port;
    return 'moved';
  }

  #isPlausible(host: string, port: number, ssrc: number, nowMs: number): boolean {
    // There is no such port: the packet was forged.
    if (port === 0) return false;
    const { hosts, told } = this.#options;
    if (told?.port === port && told.host === host) return true;
    const sinceHeardMs = nowMs - this.#heardAtMs;
    if (hosts.length > 0 ? !hosts.includes(host) : host !== this.#host && this.#isKnown && sinceHeardMs < SILENT_MS) {
      return false;
    }
    return !this.#isKnown || ssrc === this.#ssrc || sinceHeardMs > HEARD_LATELY_MS;
  }
}
