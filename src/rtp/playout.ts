import { type RtpView, TICKS_PER_MS } from './packet.ts';

/**
 * A packet may be sent on so long before its time: Asterisk's bridge has a queue for each channel. It throws that queue
 * away once it holds more than 80 ms (`bridge_softmix.c`), so that a burst of packets is mostly lost.
 */
const EARLY_MS = 40;
/** No packet waits for longer. */
const MOST_MS = 400;
/** A depth that no packet has needed for so long is too much. */
const WINDOW_MS = 1000;
/** With keys among them; a phone that sends more loses them. */
const MOST_PACKETS = 128;

type Held = { readonly packet: Buffer; readonly dueMs: number };

/**
 * An adaptive jitter buffer for packets that are sent on as they are. Each has its time, after the one before by the
 * duration of the audio between them. A packet that comes later than its time is sent on at once, and all after it have
 * a later time. So the buffer becomes as deep as the packets are late. It becomes flatter again by packets that are left
 * out in pauses. A phone whose packets are punctual has no time to wait for: they are sent on as they come.
 *
 * @see RFC 3550, section 6.4.1: timestamps are compared with arrivals there too
 */
export class Playout {
  readonly #held: Held[] = [];
  #ssrc = -1;
  /** The newest packet of audio, and its time. */
  #timestamp = 0;
  #dueMs = Number.NEGATIVE_INFINITY;
  /** The least time by which packets have come early: in this window, and in the one before. */
  #leastMs = Number.POSITIVE_INFINITY;
  #windowEndsMs = Number.NEGATIVE_INFINITY;
  /** The depth that nobody needs. */
  #excessMs = 0;

  /** HOT PATH. The time at which `next` has something; infinite if nothing waits. */
  get dueMs(): number {
    return (this.#held[0]?.dueMs ?? Number.POSITIVE_INFINITY) - EARLY_MS;
  }

  /**
   * HOT PATH. Takes a packet of G.711 or G.722, which has a byte for each tick.
   * @param isPause whether nobody speaks in it; asked only if the buffer is too deep
   * @returns whether the packet is to be sent on at once; otherwise it waits for its time, or is left out
   */
  audio(view: RtpView, packet: Buffer, isPause: (payload: Buffer) => boolean, nowMs: number): boolean {
    const { ssrc, timestamp, payloadStart, payloadEnd } = view;
    const durationMs = (payloadEnd - payloadStart) / TICKS_PER_MS;
    const sinceMs = ((timestamp - this.#timestamp) | 0) / TICKS_PER_MS;
    const isSameStream = ssrc === this.#ssrc;
    // It was overtaken, and goes to its place if that is still to come.
    if (isSameStream && sinceMs <= 0 && sinceMs > -MOST_MS) return this.#take(packet, this.#dueMs + sinceMs, nowMs);
    const dueMs = this.#timeOf(isSameStream ? this.#dueMs + sinceMs : nowMs, durationMs, nowMs);
    if (dueMs - nowMs > MOST_MS) return false;
    this.#measure(dueMs - nowMs, nowMs);
    this.#ssrc = ssrc;
    this.#timestamp = timestamp;
    this.#dueMs = dueMs;
    if (this.#excessMs >= durationMs && isPause(packet.subarray(payloadStart, payloadEnd))) {
      this.#excessMs -= durationMs;
      this.#leastMs -= durationMs;
      // The next one takes its place.
      this.#dueMs -= durationMs;
      return false;
    }
    return this.#take(packet, dueMs, nowMs);
  }

  /** HOT PATH. Takes another packet, which stays behind those that wait. @returns as `audio` does */
  other(packet: Buffer, nowMs: number): boolean {
    return this.#take(packet, this.#held.at(-1)?.dueMs ?? nowMs, nowMs);
  }

  /** HOT PATH. @returns the next packet whose time has come; null if there is none */
  next(nowMs: number): Buffer | null {
    return this.dueMs <= nowMs ? (this.#held.shift()?.packet ?? null) : null;
  }

  /** The time of a packet that is newer than all others. @param expectedMs after the one before by their timestamps */
  #timeOf(expectedMs: number, durationMs: number, nowMs: number): number {
    const last = this.#held.at(-1);
    const behindMs = last ? last.dueMs : nowMs;
    // The timestamps have made a jump, or more has come at once than is kept.
    const dueMs = expectedMs - nowMs > MOST_MS ? behindMs + (last ? durationMs : 0) : expectedMs;
    return Math.max(dueMs, behindMs, nowMs);
  }

  #take(packet: Buffer, dueMs: number, nowMs: number): boolean {
    if (this.#held.length === 0 && dueMs - EARLY_MS <= nowMs) return true;
    if (this.#held.length >= MOST_PACKETS) return false;
    const place = this.#held.findLastIndex((each) => each.dueMs <= dueMs) + 1;
    // A copy: the socket receives the next packet into the same memory.
    this.#held.splice(place, 0, { packet: Buffer.from(packet), dueMs });
    return false;
  }

  #measure(earlyMs: number, nowMs: number): void {
    this.#leastMs = Math.min(this.#leastMs, earlyMs);
    if (nowMs >= this.#windowEndsMs) {
      this.#excessMs = this.#leastMs - EARLY_MS;
      this.#leastMs = Number.POSITIVE_INFINITY;
      this.#windowEndsMs = nowMs + WINDOW_MS;
    }
    // A packet that needs the depth.
    this.#excessMs = Math.min(this.#excessMs, earlyMs - EARLY_MS);
  }
}
