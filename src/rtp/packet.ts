/*
 * RTP fixed header, RFC 3550 section 5.1:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                           timestamp                           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           synchronization source (SSRC) identifier            |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |            contributing source (CSRC) identifiers ...         |
 */

const FIRST_BYTE_OFFSET = 0;
export const MARKER_TYPE_OFFSET = 1;
export const SEQUENCE_OFFSET = 2;
export const TIMESTAMP_OFFSET = 4;
export const SSRC_OFFSET = 8;
export const RTP_HEADER_BYTES = 12;

const VERSION_2 = 0x80;
const VERSION_MASK = 0xc0;
const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
const CSRC_COUNT_MASK = 0x0f;
export const MARKER_BIT = 0x80;
const PAYLOAD_TYPE_MASK = 0x7f;
const WORD_BYTES = 4;

/** RTCP packet types 192..223 share the second byte with RTP (RFC 5761, section 4). */
export const RTCP_TYPE_MIN = 192;
export const RTCP_TYPE_MAX = 223;

/** The RTP clock of telephone codecs and events has 8000 Hz, for G.722 too (RFC 3551, sections 4.5 and 4.5.2). */
export const TICKS_PER_MS = 8;
/** A frame is 20 ms. */
export const TICKS_PER_FRAME = 160;

export interface RtpHeader {
  payloadType: number;
  marker: boolean;
  /** 16 bits. */
  sequence: number;
  /** 32 bits, in units of the clock of the payload type. */
  timestamp: number;
  ssrc: number;
}

/** The place of a packet in its stream. */
export type StreamPosition = Readonly<Pick<RtpHeader, 'ssrc' | 'sequence' | 'timestamp'>>;

/** The parts of one received packet. The object is reused: copy values that must stay. */
export interface RtpView extends RtpHeader {
  /** The payload is `packet[payloadStart, payloadEnd)`. */
  payloadStart: number;
  payloadEnd: number;
}

export type RtpDropReason = 'too-short' | 'not-version-2' | 'rtcp' | 'bad-length';

export function emptyRtpView(): RtpView {
  return { payloadType: 0, marker: false, sequence: 0, timestamp: 0, ssrc: 0, payloadStart: 0, payloadEnd: 0 };
}

/** HOT PATH. Reads `packet` into `view`; returns the reason why the packet is unusable, or null. Never throws. */
export function decodeRtpInto(view: RtpView, packet: Buffer): RtpDropReason | null {
  if (packet.length < RTP_HEADER_BYTES) return 'too-short';
  const first = packet[FIRST_BYTE_OFFSET] as number;
  if ((first & VERSION_MASK) !== VERSION_2) return 'not-version-2';
  const second = packet[MARKER_TYPE_OFFSET] as number;
  if (second >= RTCP_TYPE_MIN && second <= RTCP_TYPE_MAX) return 'rtcp';

  let start = RTP_HEADER_BYTES + (first & CSRC_COUNT_MASK) * WORD_BYTES;
  if ((first & EXTENSION_BIT) !== 0) {
    if (packet.length < start + WORD_BYTES) return 'bad-length';
    start += WORD_BYTES + packet.readUInt16BE(start + 2) * WORD_BYTES;
  }
  let end = packet.length;
  if ((first & PADDING_BIT) !== 0) end -= packet[packet.length - 1] as number;
  if (start > end) return 'bad-length';

  view.marker = (second & MARKER_BIT) !== 0;
  view.payloadType = second & PAYLOAD_TYPE_MASK;
  view.sequence = packet.readUInt16BE(SEQUENCE_OFFSET);
  view.timestamp = packet.readUInt32BE(TIMESTAMP_OFFSET);
  view.ssrc = packet.readUInt32BE(SSRC_OFFSET);
  view.payloadStart = start;
  view.payloadEnd = end;
  return null;
}

/** HOT PATH. Writes a header without CSRCs or extensions into the first 12 bytes of `out`; returns its length. */
export function encodeHeaderInto(out: Buffer, header: Readonly<RtpHeader>): number {
  out[FIRST_BYTE_OFFSET] = VERSION_2;
  out[MARKER_TYPE_OFFSET] = (header.marker ? MARKER_BIT : 0) | header.payloadType;
  out.writeUInt16BE(header.sequence & 0xffff, SEQUENCE_OFFSET);
  out.writeUInt32BE(header.timestamp >>> 0, TIMESTAMP_OFFSET);
  out.writeUInt32BE(header.ssrc >>> 0, SSRC_OFFSET);
  return RTP_HEADER_BYTES;
}

/** HOT PATH. Writes a whole packet into `out`, which must be large enough; returns the bytes written. */
export function encodeInto(out: Buffer, header: Readonly<RtpHeader>, payload: Uint8Array): number {
  encodeHeaderInto(out, header);
  out.set(payload, RTP_HEADER_BYTES);
  return RTP_HEADER_BYTES + payload.length;
}

/** How far the 16-bit sequence number `to` is ahead of `from`, -32768 to 32767, over the wrap. */
export function sequenceDistance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}
