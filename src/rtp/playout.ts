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
/** In sound without pauses, a depth that no packet has needed for so long goes too, by a packet in each window. */
const PATIENCE_MS = 10_000;
/** With keys among them; a phone that sends more loses them. */
const MOST_PACKETS = 128;

/** Other packets than audio have this. */
const NO_SEQUENCE = -1;

type Held = { readonly packet: Buffer; readonly sequence: number; readonly dueMs: number };

/**
 * An adaptive jitter buffer for packets that are sent on as they are. Each has its time, after the one before by the
 * duration of the audio between them. A packet that comes later than its time is sent on at once, and all after it have
 * a later time. So the buffer becomes as deep as the packets are late. It becomes flatter again by packets that are left
 * out: in pauses, and after a while in sound too. A phone whose packets are punctual has no time to wait for: they are
 * sent on as they come.
 *
 * @see RFC 3550, section 6.4.1: timestamps are compared with arrivals there too
 */
export class Playout {
  readonly #held: Held[] = [];
  #ssrc = -1;
  /** The newest packet of audio, and its time. */
  #sequence = NO_SEQUENCE;
  #timestamp = 0;
  #durationMs = 0;
  #dueMs = Number.NEGATIVE_INFINITY;
  /** The audio that was sent on last. */
  #sentSequence = NO_SEQUENCE;
  /** The least time by which packets have come early: in this window, and in the one before. */
  #leastMs = Number.POSITIVE_INFINITY;
  #windowEndsMs = Number.NEGATIVE_INFINITY;
  /** The depth that nobody needs. */
  #excessMs = 0;
  /** Since then each packet could have been left out. */
  #excessSinceMs = 0;
  /** A packet has waited within the last window. */
  #waitedUntilMs = Number.NEGATIVE_INFINITY;

  /** HOT PATH. The time at which `next` has something; infinite if nothing waits. */
  get dueMs(): number {
    return (this.#held[0]?.dueMs ?? Number.POSITIVE_INFINITY) - EARLY_MS;
  }

  /**
   * HOT PATH. Takes a packet of G.711 or G.722, which has a byte for each tick.
   * @param isPause whether nobody speaks in it; asked for each packet, but not while none has to wait
   * @returns whether the packet is to be sent on at once; otherwise it waits for its time, or is left out
   */
  audio(view: RtpView, packet: Buffer, isPause: (payload: Buffer) => boolean, nowMs: number): boolean {
    const { ssrc, sequence, timestamp, payloadStart, payloadEnd } = view;
    const durationMs = (payloadEnd - payloadStart) / TICKS_PER_MS;
    const sinceMs = ((timestamp - this.#timestamp) | 0) / TICKS_PER_MS;
    const isSameStream = ssrc === this.#ssrc;
    const isNext = isSameStream && sequence === ((this.#sequence + 1) & 0xffff);
    // It was overtaken, and goes to its place if that is still to come.
    if (isSameStream && !isNext && sinceMs <= 0 && sinceMs > -MOST_MS) {
      return !this.#isCopy(sequence) && this.#take(packet, sequence, this.#dueMs + sinceMs, nowMs);
    }
    // The timestamps of some phones run faster than the sound: for G.722, they count 16 kHz.
    const stepMs = isNext && !view.marker ? Math.min(sinceMs, this.#durationMs) : sinceMs;
    const dueMs = this.#timeOf(isSameStream ? this.#dueMs + stepMs : nowMs, durationMs, nowMs);
    if (dueMs - nowMs > MOST_MS) return false;
    this.#measure(dueMs - nowMs, durationMs, nowMs);
    this.#ssrc = ssrc;
    this.#sequence = sequence;
    this.#timestamp = timestamp;
    this.#durationMs = durationMs;
    this.#dueMs = dueMs;
    const pauses = nowMs < this.#waitedUntilMs && isPause(packet.subarray(payloadStart, payloadEnd));
    const isLong = nowMs - this.#excessSinceMs >= PATIENCE_MS;
    if (this.#excessMs >= durationMs && (pauses || isLong)) {
      if (isLong) this.#excessSinceMs = nowMs - PATIENCE_MS + WINDOW_MS;
      this.#excessMs -= durationMs;
      this.#leastMs -= durationMs;
      // The next one takes its place.
      this.#dueMs -= durationMs;
      return false;
    }
    return this.#take(packet, sequence, dueMs, nowMs);
  }

  /** HOT PATH. Takes another packet, which stays behind those that wait. @returns as `audio` does */
  other(packet: Buffer, nowMs: number): boolean {
    return this.#take(packet, NO_SEQUENCE, this.#held.at(-1)?.dueMs ?? nowMs, nowMs);
  }

  /** HOT PATH. @returns the next packet whose time has come; null if there is none */
  next(nowMs: number): Buffer | null {
    const first = this.dueMs <= nowMs ? this.#held.shift() : undefined;
    if (!first) return null;
    this.#sent(first.sequence);
    return first.packet;
  }

  /** Begins anew, as with another stream. @returns all packets that wait */
  drain(): Buffer[] {
    this.#ssrc = -1;
    this.#leastMs = Number.POSITIVE_INFINITY;
    this.#windowEndsMs = Number.NEGATIVE_INFINITY;
    this.#excessMs = 0;
    return this.#held.splice(0).map(({ packet }) => packet);
  }

  /** The time of a packet that is newer than all others. @param expectedMs after the one before by their timestamps */
  #timeOf(expectedMs: number, durationMs: number, nowMs: number): number {
    const last = this.#held.at(-1);
    const behindMs = last ? last.dueMs : nowMs;
    // The timestamps have made a jump, or more has come at once than is kept.
    const dueMs = expectedMs - nowMs > MOST_MS ? behindMs + (last ? durationMs : 0) : expectedMs;
    return Math.max(dueMs, behindMs, nowMs);
  }

  /** Of an earlier one that was sent on, Asterisk takes no copy. */
  #isCopy(sequence: number): boolean {
    return sequence === this.#sentSequence || this.#held.some((each) => each.sequence === sequence);
  }

  #take(packet: Buffer, sequence: number, dueMs: number, nowMs: number): boolean {
    if (this.#held.length === 0 && dueMs - EARLY_MS <= nowMs) {
      this.#sent(sequence);
      return true;
    }
    if (this.#held.length >= MOST_PACKETS) return false;
    this.#waitedUntilMs = nowMs + WINDOW_MS;
    const place = this.#held.findLastIndex((each) => each.dueMs <= dueMs) + 1;
    // A copy: the socket receives the next packet into the same memory.
    this.#held.splice(place, 0, { packet: Buffer.from(packet), sequence, dueMs });
    return false;
  }

  #sent(sequence: number): void {
    if (sequence !== NO_SEQUENCE) this.#sentSequence = sequence;
  }

  #measure(earlyMs: number, durationMs: number, nowMs: number): void {
    this.#leastMs = Math.min(this.#leastMs, earlyMs);
    if (nowMs >= this.#windowEndsMs) {
      this.#excessMs = this.#leastMs - EARLY_MS;
      this.#leastMs = Number.POSITIVE_INFINITY;
      this.#windowEndsMs = nowMs + WINDOW_MS;
    }
    // A packet that needs the depth.
    this.#excessMs = Math.min(this.#excessMs, earlyMs - EARLY_MS);
    if (this.#excessMs < durationMs) this.#excessSinceMs = nowMs;
  }
}
