import {
  encodeHeaderInto,
  MARKER_BIT,
  MARKER_TYPE_OFFSET,
  SEQUENCE_OFFSET,
  SSRC_OFFSET,
  TIMESTAMP_OFFSET,
} from './packet.ts';
import { sequenceDistance } from './sequence.ts';

/** The RTP clock of telephone codecs and events has 8000 Hz (RFC 3551, section 4.5). */
const TICKS_PER_MS = 8;
const USUAL_PACKET_TICKS = 160;
const LONGEST_PACKET_TICKS = 480;
/** A packet that is behind by more was not merely reordered: the source has begun anew (RFC 3550, appendix A.1). */
const MAX_MISORDER = 100;
/** After such a pause 16 bits do not tell any more how many packets are missing. */
const LONG_PAUSE_MS = 60_000;

/** The needed part of the header of a packet that is passed on; `RtpView` has it. */
export interface PassedHeader {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
}

type Feed = 'none' | 'made' | 'passed';

/**
 * The RTP stream that one side of a call gets, of one SSRC, whatever it is fed from: packets that are made here, or those
 * of another stream that are passed on. Where the feed changes, sequence numbers continue, timestamps continue by the
 * time that has passed, and the marker is set.
 */
export class OutgoingStream {
  readonly ssrc: number;
  #feed: Feed = 'none';
  #packets = 0;
  /** The newest sequence number, which does not wrap here, and the one that the present feed began after. */
  #newest: number;
  #before: number;
  /** The newest timestamp, and when a packet had it first: all packets of a telephone event have the same. */
  #timestamp: number;
  #timestampMs = 0;
  #packetTicks = USUAL_PACKET_TICKS;
  /** How far the timestamps are ahead of the time, since no packet begins before the end of the last one. */
  #aheadMs = 0;
  /** The stream that is passed on: its SSRC, the offsets that are added to its numbers, and when its last packet came. */
  #passedSsrc = 0;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  #passedMs = 0;
  readonly #header = { payloadType: 0, marker: false, sequence: 0, timestamp: 0, ssrc: 0 };

  /** @param randomInt gives a whole number from 0 up to and without its argument */
  constructor(randomInt: (end: number) => number) {
    this.ssrc = randomInt(0x1_0000_0000);
    this.#newest = randomInt(0x1_0000);
    this.#before = this.#newest;
    this.#timestamp = randomInt(0x1_0000_0000);
    this.#header.ssrc = this.ssrc;
  }

  /** How many packets there were. */
  get packets(): number {
    return this.#packets;
  }

  /** The RTP timestamp of a moment, for a sender report (RFC 3550, section 6.4.1). */
  timestampAt(nowMs: number): number {
    return (this.#timestamp + this.#elapsedTicks(nowMs)) >>> 0;
  }

  /**
   * HOT PATH. Writes the header of a packet that is made here into its first 12 bytes.
   * @param ticks since the packet before, if that was made here too
   */
  next(packet: Buffer, ticks: number, payloadType: number, marker: boolean, nowMs: number): void {
    const continues = this.#feed === 'made';
    if (continues) this.#advance((this.#timestamp + ticks) >>> 0, nowMs);
    else this.#begin('made', nowMs);
    this.#packetTicks = Math.min(ticks, LONGEST_PACKET_TICKS);
    this.#newest += 1;
    this.#packets += 1;
    const header = this.#header;
    header.payloadType = payloadType;
    header.marker = marker || !continues;
    header.sequence = this.#newest & 0xffff;
    header.timestamp = this.#timestamp;
    encodeHeaderInto(packet, header);
  }

  /**
   * HOT PATH. Rewrites the header of a packet that is passed on, in place. Within one SSRC all differences stay as they are.
   * @returns false where the packet is late and from before a change: its place in the stream is taken, so it must not be sent
   */
  forward(header: PassedHeader, packet: Buffer, nowMs: number): boolean {
    let ahead = sequenceDistance(this.#newest & 0xffff, header.sequence + this.#sequenceOffset);
    const continues =
      this.#feed === 'passed' &&
      header.ssrc === this.#passedSsrc &&
      nowMs - this.#passedMs < LONG_PAUSE_MS &&
      ahead >= -MAX_MISORDER;
    if (!continues) {
      this.#begin('passed', nowMs);
      this.#passedSsrc = header.ssrc;
      this.#sequenceOffset = this.#newest + 1 - header.sequence;
      this.#timestampOffset = this.#timestamp - header.timestamp;
      ahead = 1;
    }
    const sequence = this.#newest + ahead;
    if (sequence <= this.#before) return false;
    const timestamp = (header.timestamp + this.#timestampOffset) >>> 0;
    const stepTicks = (timestamp - this.#timestamp) | 0;
    if (stepTicks > 0) this.#advance(timestamp, nowMs);
    if (stepTicks > 0 && stepTicks <= LONGEST_PACKET_TICKS) this.#packetTicks = stepTicks;
    this.#passedMs = nowMs;
    this.#newest = Math.max(this.#newest, sequence);
    this.#packets += 1;
    if (!continues) packet[MARKER_TYPE_OFFSET] = (packet[MARKER_TYPE_OFFSET] as number) | MARKER_BIT;
    packet.writeUInt16BE(sequence & 0xffff, SEQUENCE_OFFSET);
    packet.writeUInt32BE(timestamp, TIMESTAMP_OFFSET);
    packet.writeUInt32BE(this.ssrc, SSRC_OFFSET);
    return true;
  }

  /** The next packet is the first one of another feed. */
  #begin(feed: Feed, nowMs: number): void {
    const isFirst = this.#feed === 'none';
    this.#feed = feed;
    this.#before = this.#newest;
    if (isFirst) return this.#advance(this.#timestamp, nowMs);
    const stepTicks = Math.max(this.#packetTicks, this.#elapsedTicks(nowMs));
    this.#aheadMs += stepTicks / TICKS_PER_MS - (nowMs - this.#timestampMs);
    this.#advance((this.#timestamp + stepTicks) >>> 0, nowMs);
  }

  #advance(timestamp: number, nowMs: number): void {
    this.#timestamp = timestamp;
    this.#timestampMs = nowMs;
  }

  /** Since the newest timestamp. */
  #elapsedTicks(nowMs: number): number {
    return Math.round((nowMs - this.#timestampMs - this.#aheadMs) * TICKS_PER_MS);
  }
}
