import {
  encodeHeaderInto,
  MARKER_BIT,
  MARKER_TYPE_OFFSET,
  SEQUENCE_OFFSET,
  SSRC_OFFSET,
  type StreamPosition,
  sequenceDistance,
  TICKS_PER_MS,
  TIMESTAMP_OFFSET,
} from './packet.ts';

const USUAL_PACKET_TICKS = 160;
const LONGEST_PACKET_TICKS = 480;
/**
 * Each change of the feed may move timestamps ahead by a part of a packet. The phone would have to buffer packets that
 * are further ahead.
 */
const MOST_AHEAD_MS = LONGEST_PACKET_TICKS / TICKS_PER_MS;
/** A packet that is behind by more was not merely reordered: the source has restarted (RFC 3550, appendix A.1). */
const MAX_MISORDER = 100;
/** After such a pause 16 bits do not show how many packets are missing. */
const LONG_PAUSE_MS = 60_000;

type Feed = 'none' | 'made' | 'passed';

/** All that another process needs to continue a stream. */
export type OutgoingStreamState = ReturnType<typeof newState>;

/**
 * The RTP stream to one side of a call, with one SSRC. It is fed with packets that are made here, or with forwarded
 * ones of another stream. When the feed changes, sequence numbers continue, timestamps continue by the elapsed time,
 * and the marker is set.
 */
export class OutgoingStream {
  readonly ssrc: number;
  readonly #state: OutgoingStreamState;
  /** Packets were left out before the next one. */
  #hasSkipped = false;
  /** The event that was inserted last: its stream, and its timestamps there and here. */
  readonly #event = { ssrc: -1, passedTimestamp: -1, timestamp: 0 };
  readonly #header = { payloadType: 0, marker: false, sequence: 0, timestamp: 0, ssrc: 0 };

  /**
   * @param randomInt gives a whole number from 0 to below its argument
   * @param continued the stream that this one continues; without it, this is a new one
   */
  constructor(randomInt: (end: number) => number, continued: OutgoingStreamState | null = null) {
    this.#state = continued ? { ...continued } : newState(randomInt);
    this.ssrc = this.#state.ssrc;
    this.#header.ssrc = this.ssrc;
  }

  get state(): OutgoingStreamState {
    return { ...this.#state };
  }

  get packets(): number {
    return this.#state.packets;
  }

  /** The RTP timestamp of a moment, for a sender report (RFC 3550, section 6.4.1). */
  timestampAt(nowMs: number): number {
    return (this.#state.timestamp + this.#elapsedTicks(nowMs)) >>> 0;
  }

  /**
   * HOT PATH. Writes the header of a packet that is made here into its first 12 bytes.
   * @param ticks since the packet before, if that was made here too
   */
  next(packet: Buffer, ticks: number, payloadType: number, marker: boolean, nowMs: number): void {
    const continues = this.#state.feed === 'made';
    if (continues) this.#advance((this.#state.timestamp + ticks) >>> 0, nowMs);
    else this.#begin('made', nowMs);
    this.#state.packetTicks = Math.min(ticks, LONGEST_PACKET_TICKS);
    this.#state.newest += 1;
    this.#state.packets += 1;
    const header = this.#header;
    header.payloadType = payloadType;
    header.marker = marker || !continues || this.#hasSkipped;
    this.#hasSkipped = false;
    header.sequence = this.#state.newest & 0xffff;
    header.timestamp = this.#state.timestamp;
    encodeHeaderInto(packet, header);
  }

  /**
   * HOT PATH. Leaves out a packet that would be made here. The next one begins where this one would have ended.
   * @param ticks as those of `next`
   */
  skip(ticks: number, nowMs: number): void {
    if (this.#state.feed === 'made') this.#advance((this.#state.timestamp + ticks) >>> 0, nowMs);
    this.#hasSkipped = true;
  }

  /**
   * HOT PATH. Rewrites the header of a telephone event of another stream, in place: it comes between packets that are
   * made here. All packets of an event have the timestamp of its beginning (RFC 4733, section 2.3.5).
   */
  insert({ ssrc, timestamp }: StreamPosition, packet: Buffer, nowMs: number): void {
    if (this.#state.feed !== 'made') this.#begin('made', nowMs);
    const event = this.#event;
    if (event.ssrc !== ssrc || event.passedTimestamp !== timestamp) {
      event.ssrc = ssrc;
      event.passedTimestamp = timestamp;
      event.timestamp = (this.#state.timestamp + this.#state.packetTicks) >>> 0;
    }
    this.#state.newest += 1;
    this.#state.packets += 1;
    packet.writeUInt16BE(this.#state.newest & 0xffff, SEQUENCE_OFFSET);
    packet.writeUInt32BE(event.timestamp, TIMESTAMP_OFFSET);
    packet.writeUInt32BE(this.ssrc, SSRC_OFFSET);
  }

  /**
   * HOT PATH. Rewrites the header of a forwarded packet, in place. Within one SSRC all differences stay as they are.
   * @returns false where the packet must not be sent. Either it is a late one from before a change, whose sequence
   * number is used. Or it would begin a feed while the stream is far ahead of the time, since feeds have changed often
   */
  forward(header: StreamPosition, packet: Buffer, nowMs: number): boolean {
    let ahead = sequenceDistance(this.#state.newest & 0xffff, header.sequence + this.#state.sequenceOffset);
    const continues =
      this.#state.feed === 'passed' &&
      header.ssrc === this.#state.passedSsrc &&
      nowMs - this.#state.passedMs < LONG_PAUSE_MS &&
      ahead >= -MAX_MISORDER;
    if (!continues) {
      if (this.#aheadMsAt(nowMs) > MOST_AHEAD_MS) return false;
      this.#begin('passed', nowMs);
      this.#state.passedSsrc = header.ssrc;
      this.#state.sequenceOffset = this.#state.newest + 1 - header.sequence;
      this.#state.timestampOffset = this.#state.timestamp - header.timestamp;
      ahead = 1;
    }
    const sequence = this.#state.newest + ahead;
    if (sequence <= this.#state.before) return false;
    const timestamp = (header.timestamp + this.#state.timestampOffset) >>> 0;
    const stepTicks = (timestamp - this.#state.timestamp) | 0;
    if (stepTicks > 0) this.#advance(timestamp, nowMs);
    if (stepTicks > 0 && stepTicks <= LONGEST_PACKET_TICKS) this.#state.packetTicks = stepTicks;
    this.#state.passedMs = nowMs;
    this.#state.newest = Math.max(this.#state.newest, sequence);
    this.#state.packets += 1;
    if (!continues) packet[MARKER_TYPE_OFFSET] = (packet[MARKER_TYPE_OFFSET] as number) | MARKER_BIT;
    packet.writeUInt16BE(sequence & 0xffff, SEQUENCE_OFFSET);
    packet.writeUInt32BE(timestamp, TIMESTAMP_OFFSET);
    packet.writeUInt32BE(this.ssrc, SSRC_OFFSET);
    return true;
  }

  /** The next packet is the first one of another feed. */
  #begin(feed: Feed, nowMs: number): void {
    const isFirst = this.#state.feed === 'none';
    this.#state.feed = feed;
    this.#state.before = this.#state.newest;
    if (isFirst) return this.#advance(this.#state.timestamp, nowMs);
    const stepTicks = Math.max(this.#state.packetTicks, this.#elapsedTicks(nowMs));
    this.#state.aheadMs += stepTicks / TICKS_PER_MS - (nowMs - this.#state.timestampMs);
    this.#advance((this.#state.timestamp + stepTicks) >>> 0, nowMs);
  }

  #advance(timestamp: number, nowMs: number): void {
    this.#state.timestamp = timestamp;
    this.#state.timestampMs = nowMs;
  }

  /** How far ahead of the time a packet is now, if it begins at the end of the newest one. */
  #aheadMsAt(nowMs: number): number {
    const { aheadMs, packetTicks, timestampMs } = this.#state;
    return aheadMs + packetTicks / TICKS_PER_MS - (nowMs - timestampMs);
  }

  /** The ticks since the newest timestamp. */
  #elapsedTicks(nowMs: number): number {
    return Math.round((nowMs - this.#state.timestampMs - this.#state.aheadMs) * TICKS_PER_MS);
  }
}

function newState(randomInt: (end: number) => number) {
  const ssrc = randomInt(0x1_0000_0000);
  const newest = randomInt(0x1_0000);
  return {
    ssrc,
    feed: 'none' as Feed,
    packets: 0,
    /** The newest sequence number, which does not wrap here, and the one that the present feed began after. */
    newest,
    before: newest,
    /** The newest timestamp, and when a packet had it first: all packets of a telephone event have the same. */
    timestamp: randomInt(0x1_0000_0000),
    timestampMs: 0,
    packetTicks: USUAL_PACKET_TICKS,
    /** How far the timestamps are ahead of the time, since no packet begins before the end of the last one. */
    aheadMs: 0,
    /** The forwarded stream: its SSRC, the offsets that are added to its numbers, and when its last packet came. */
    passedSsrc: 0,
    sequenceOffset: 0,
    timestampOffset: 0,
    passedMs: 0,
  };
}
