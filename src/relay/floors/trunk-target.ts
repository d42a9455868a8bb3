import type { UdpPeer, UdpSource } from '../../udp/udp.ts';
import type { RtpAddress } from '../protocol/protocol.ts';

/** After an authentic packet, everything is sent for so long. Each node sends several packets a second. */
const TRUSTED_MS = 10_000;
/** One packet in this time is asked where it comes from: packets of several nodes alternate, and each answer is a new text. */
const ASKED_EVERY_MS = 1000;
/** Otherwise so few packets are sent that they harm nobody, so that the other node learns of this one. */
const PROBE_EVERY_MS = 200;
const PROBED_OFTEN_MS = 10_000;
const PROBE_SELDOM_MS = 1000;

/**
 * Where another node gets its packets. The address that it has named may be wrong, or somebody else's, so it gets all
 * packets only while authentic ones come. These show where the node is: with several addresses, or behind NAT, it is not
 * where it says.
 */
export class TrunkTarget {
  /** The address that the node has named. */
  readonly address: RtpAddress;
  readonly #peerAt: (host: string, port: number) => UdpPeer;
  #host: string;
  #to: UdpPeer;
  #trustedUntilMs: number;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #seldomFromMs: number;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  /** @param trustedUntilMs everything is sent until then */
  constructor(
    address: RtpAddress,
    peerAt: (host: string, port: number) => UdpPeer,
    times: { trustedUntilMs: number; nowMs: number },
  ) {
    this.address = address;
    this.#peerAt = peerAt;
    this.#host = address.host;
    this.#to = peerAt(address.host, address.port);
    this.#trustedUntilMs = times.trustedUntilMs;
    this.#seldomFromMs = times.nowMs + PROBED_OFTEN_MS;
  }

  get to(): UdpPeer {
    return this.#to;
  }

  /** HOT PATH. An authentic packet of the node has come. */
  heardFrom(from: UdpSource, nowMs: number): void {
    if (nowMs - this.#askedAtMs < ASKED_EVERY_MS) return;
    this.#askedAtMs = nowMs;
    this.#trustedUntilMs = nowMs + TRUSTED_MS;
    this.#seldomFromMs = this.#trustedUntilMs + PROBED_OFTEN_MS;
    const { host } = from;
    if (host === this.#host) return;
    this.#host = host;
    this.#to = this.#peerAt(host, host === this.address.host ? this.address.port : from.port);
  }

  /** HOT PATH. Whether a packet is to be sent now. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#trustedUntilMs) return true;
    if (nowMs - this.#probedAtMs < (nowMs < this.#seldomFromMs ? PROBE_EVERY_MS : PROBE_SELDOM_MS)) return false;
    this.#probedAtMs = nowMs;
    return true;
  }
}
