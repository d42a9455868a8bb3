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
 * The address that another node has named for its trunk. It may be wrong, or somebody else's: so it gets all packets
 * only while authentic ones come from there.
 */
export class TrunkTarget {
  readonly address: RtpAddress;
  readonly to: UdpPeer;
  #trustedUntilMs: number;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #seldomFromMs: number;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #hasWarned = false;

  /** @param trustedUntilMs everything is sent until then */
  constructor(address: RtpAddress, to: UdpPeer, times: { trustedUntilMs: number; nowMs: number }) {
    this.address = address;
    this.to = to;
    this.#trustedUntilMs = times.trustedUntilMs;
    this.#seldomFromMs = times.nowMs + PROBED_OFTEN_MS;
  }

  /** HOT PATH. An authentic packet of the node has come. @returns true once, if it makes no address trusted */
  heardFrom(from: UdpSource, nowMs: number): boolean {
    if (nowMs - this.#askedAtMs < ASKED_EVERY_MS) return false;
    this.#askedAtMs = nowMs;
    if (from.host !== this.address.host) {
      if (this.#hasWarned || nowMs < this.#trustedUntilMs) return false;
      this.#hasWarned = true;
      return true;
    }
    this.#trustedUntilMs = nowMs + TRUSTED_MS;
    this.#seldomFromMs = this.#trustedUntilMs + PROBED_OFTEN_MS;
    return false;
  }

  /** HOT PATH. Whether a packet is to be sent now. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#trustedUntilMs) return true;
    if (nowMs - this.#probedAtMs < (nowMs < this.#seldomFromMs ? PROBE_EVERY_MS : PROBE_SELDOM_MS)) return false;
    this.#probedAtMs = nowMs;
    return true;
  }
}
