/*
 * RTCP. One datagram has several packets, one after the other, which all begin alike. `length` is that of the packet in
 * words of 32 bits, minus one. Sender report, RFC 3550 section 6.4.1; a receiver report (6.4.2, type 201) is the same
 * without the sender info:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|    RC   |   PT=SR=200   |             length            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         SSRC of sender                        |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |              NTP timestamp, most significant word             |   sender info
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |             NTP timestamp, least significant word             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         RTP timestamp                         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                     sender's packet count                     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      sender's octet count                     |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |                              SSRC                             |   report block, RC times
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   | fraction lost |       cumulative number of packets lost       |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           extended highest sequence number received           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      interarrival jitter                      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         last SR (LSR)                         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                   delay since last SR (DLSR)                  |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *
 * Source description with the one item that each datagram must have, section 6.5; zeros fill up the last word, and
 * there is at least one of them. BYE (6.6, type 203) has SC SSRCs after its first word.
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|    SC   |  PT=SDES=202  |             length            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                              SSRC                             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |    CNAME=1    |     length    | name                        ...
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { RTCP_TYPE_MAX, RTCP_TYPE_MIN } from './packet.ts';

const VERSION_2 = 0x80;
const VERSION_MASK = 0xc0;
const COUNT_MASK = 0x1f;
const TYPE_OFFSET = 1;
const LENGTH_OFFSET = 2;
const SSRC_OFFSET = 4;
const HEADER_BYTES = 4;
const WORD_BYTES = 4;

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const BYE = 203;

/** Offsets in a sender report. */
const NTP_OFFSET = 8;
const NTP_MIDDLE_OFFSET = 10;
const RTP_TIMESTAMP_OFFSET = 16;
const PACKETS_OFFSET = 20;
const OCTETS_OFFSET = 24;
const SENDER_INFO_BYTES = 20;
/** The offset of the blocks in a receiver report; a sender report has its sender info before them. */
const BLOCKS_OFFSET = 8;

/** Offsets in a report block. */
const BLOCK_BYTES = 24;
const FRACTION_LOST_OFFSET = 4;
const CUMULATIVE_LOST_OFFSET = 5;
const CUMULATIVE_LOST_BYTES = 3;
const CUMULATIVE_LOST_MAX = 0x7f_ffff;
const HIGHEST_SEQUENCE_OFFSET = 8;
const JITTER_OFFSET = 12;
const LAST_SR_OFFSET = 16;
const DELAY_OFFSET = 20;

const CNAME = 1;
const CNAME_OFFSET = 8;
const CNAME_TEXT_OFFSET = 10;
const CNAME_BYTES_MAX = 255;

/** NTP counts from 1900 (RFC 5905, section 6). */
const NTP_EPOCH_SECONDS = 2_208_988_800;
const TWO_TO_32 = 2 ** 32;

/** The most that `writeReportInto` writes: a sender report of 52 bytes and a name of 268. */
export const RTCP_REPORT_BYTES_MAX = 320;

/** The reception of one SSRC by one side. */
export type ReportBlock = ReturnType<typeof emptyReportBlock>;

/** The needed parts of one datagram. The object is reused: copy values that must stay. */
export interface RtcpView {
  /** The sender of the first packet. */
  senderSsrc: number;
  /** The middle 32 bits of the NTP timestamp of the sender report; null without one. It is the LSR of the answer. */
  ntpMiddle: number | null;
  /** Whether `block` is about us, in this datagram. */
  hasBlock: boolean;
  readonly block: ReportBlock;
  /** Whether a source says goodbye (BYE). */
  bye: boolean;
}

export type RtcpDropReason = 'too-short' | 'not-version-2' | 'not-rtcp' | 'bad-length';

export function emptyReportBlock() {
  return {
    ssrc: 0,
    /** The loss since the last report, in 256ths. */
    fractionLost: 0,
    /** The loss since the beginning; negative if duplicates outnumber lost packets. */
    cumulativeLost: 0,
    /** 32 bits: how often the sequence number has wrapped, and its highest value. */
    highestSequence: 0,
    /** The jitter in ticks of the RTP clock. */
    jitterTicks: 0,
    /** The middle 32 bits of the NTP timestamp of the last sender report; 0 if there was none. */
    lastSr: 0,
    /** The time since that report came, in 65536ths of a second. */
    delaySinceLastSr: 0,
  };
}

export function emptyRtcpView(): RtcpView {
  return { senderSsrc: 0, ntpMiddle: null, hasBlock: false, block: emptyReportBlock(), bye: false };
}

/**
 * Reads a datagram into `view`. Never throws. A datagram may begin with any type of packet, since some phones do not
 * begin with a report.
 * @param ourSsrc that of the stream whose reports are wanted
 * @returns the reason why the datagram, and `view` with it, is unusable; or null
 */
export function readRtcpInto(view: RtcpView, datagram: Buffer, ourSsrc: number): RtcpDropReason | null {
  if (datagram.length < SSRC_OFFSET + WORD_BYTES) return 'too-short';
  view.senderSsrc = datagram.readUInt32BE(SSRC_OFFSET);
  view.ntpMiddle = null;
  view.hasBlock = false;
  view.bye = false;
  for (let start = 0; start < datagram.length; ) {
    if (datagram.length < start + HEADER_BYTES) return 'bad-length';
    const first = datagram[start] as number;
    const type = datagram[start + TYPE_OFFSET] as number;
    if ((first & VERSION_MASK) !== VERSION_2) return 'not-version-2';
    if (type < RTCP_TYPE_MIN || type > RTCP_TYPE_MAX) return 'not-rtcp';
    const end = start + (datagram.readUInt16BE(start + LENGTH_OFFSET) + 1) * WORD_BYTES;
    if (end > datagram.length) return 'bad-length';
    const count = first & COUNT_MASK;
    if (type === BYE) view.bye = true;
    if (type === SENDER_REPORT) {
      if (!readBlocks(view, datagram, start + SENDER_INFO_BYTES, end, count, ourSsrc)) return 'bad-length';
      view.ntpMiddle = datagram.readUInt32BE(start + NTP_MIDDLE_OFFSET);
    }
    if (type === RECEIVER_REPORT && !readBlocks(view, datagram, start, end, count, ourSsrc)) return 'bad-length';
    start = end;
  }
  return null;
}

/** @returns whether there is room for all blocks */
function readBlocks(
  view: RtcpView,
  datagram: Buffer,
  start: number,
  end: number,
  count: number,
  ourSsrc: number,
): boolean {
  const first = start + BLOCKS_OFFSET;
  if (first + count * BLOCK_BYTES > end) return false;
  for (let at = first; at < first + count * BLOCK_BYTES; at += BLOCK_BYTES) {
    if (datagram.readUInt32BE(at) !== ourSsrc) continue;
    const { block } = view;
    view.hasBlock = true;
    block.ssrc = ourSsrc;
    block.fractionLost = datagram[at + FRACTION_LOST_OFFSET] as number;
    block.cumulativeLost = datagram.readIntBE(at + CUMULATIVE_LOST_OFFSET, CUMULATIVE_LOST_BYTES);
    block.highestSequence = datagram.readUInt32BE(at + HIGHEST_SEQUENCE_OFFSET);
    block.jitterTicks = datagram.readUInt32BE(at + JITTER_OFFSET);
    block.lastSr = datagram.readUInt32BE(at + LAST_SR_OFFSET);
    block.delaySinceLastSr = datagram.readUInt32BE(at + DELAY_OFFSET);
  }
  return true;
}

export type RtcpReport = {
  readonly ssrc: number;
  /** Names the sender, at most 255 bytes (RFC 7022). */
  readonly cname: string;
  /** The stream that was sent; null for none, which makes it a receiver report. */
  readonly sent: {
    /** The time of this report, and the same on the RTP clock. */
    readonly unixMs: number;
    readonly rtpTimestamp: number;
    readonly packets: number;
    /** The bytes sent, without headers. */
    readonly payloadBytes: number;
  } | null;
  /** The stream that was received; null for none. */
  readonly received: Readonly<ReportBlock> | null;
};

/** Writes a report and the sender's name into `out`. @returns the bytes written, at most `RTCP_REPORT_BYTES_MAX` */
export function writeReportInto(out: Buffer, report: RtcpReport): number {
  const { ssrc, sent, received } = report;
  const blocks = BLOCKS_OFFSET + (sent === null ? 0 : SENDER_INFO_BYTES);
  const end = blocks + (received === null ? 0 : BLOCK_BYTES);
  writeHeader(out, 0, sent === null ? RECEIVER_REPORT : SENDER_REPORT, received === null ? 0 : 1, end);
  out.writeUInt32BE(ssrc >>> 0, SSRC_OFFSET);
  if (sent !== null) {
    const seconds = Math.floor(sent.unixMs / 1000);
    out.writeUInt32BE((seconds + NTP_EPOCH_SECONDS) >>> 0, NTP_OFFSET);
    out.writeUInt32BE(Math.floor(((sent.unixMs % 1000) * TWO_TO_32) / 1000), NTP_OFFSET + WORD_BYTES);
    out.writeUInt32BE(sent.rtpTimestamp >>> 0, RTP_TIMESTAMP_OFFSET);
    out.writeUInt32BE(sent.packets >>> 0, PACKETS_OFFSET);
    out.writeUInt32BE(sent.payloadBytes >>> 0, OCTETS_OFFSET);
  }
  if (received !== null) writeBlock(out, blocks, received);
  return writeName(out, end, report);
}

function writeBlock(out: Buffer, at: number, block: Readonly<ReportBlock>): void {
  const lost = Math.max(-CUMULATIVE_LOST_MAX - 1, Math.min(CUMULATIVE_LOST_MAX, Math.trunc(block.cumulativeLost)));
  out.writeUInt32BE(block.ssrc >>> 0, at);
  out[at + FRACTION_LOST_OFFSET] = Math.max(0, Math.min(255, block.fractionLost));
  out.writeIntBE(lost, at + CUMULATIVE_LOST_OFFSET, CUMULATIVE_LOST_BYTES);
  out.writeUInt32BE(block.highestSequence >>> 0, at + HIGHEST_SEQUENCE_OFFSET);
  out.writeUInt32BE(block.jitterTicks >>> 0, at + JITTER_OFFSET);
  out.writeUInt32BE(block.lastSr >>> 0, at + LAST_SR_OFFSET);
  out.writeUInt32BE(block.delaySinceLastSr >>> 0, at + DELAY_OFFSET);
}

function writeName(out: Buffer, start: number, { ssrc, cname }: RtcpReport): number {
  const text = start + CNAME_TEXT_OFFSET;
  const bytes = out.write(cname, text, CNAME_BYTES_MAX, 'utf8');
  const words = Math.floor((text + bytes - start) / WORD_BYTES) + 1;
  const end = start + words * WORD_BYTES;
  out.fill(0, text + bytes, end);
  writeHeader(out, start, SOURCE_DESCRIPTION, 1, end);
  out.writeUInt32BE(ssrc >>> 0, start + SSRC_OFFSET);
  out[start + CNAME_OFFSET] = CNAME;
  out[start + CNAME_OFFSET + 1] = bytes;
  return end;
}

function writeHeader(out: Buffer, start: number, type: number, count: number, end: number): void {
  out[start] = VERSION_2 | count;
  out[start + TYPE_OFFSET] = type;
  out.writeUInt16BE((end - start) / WORD_BYTES - 1, start + LENGTH_OFFSET);
}

/** The middle 32 bits of the NTP timestamp of a moment, in 65536ths of a second. */
export function ntpMiddleOf(unixMs: number): number {
  // It is truncated, like the middle of the 64-bit timestamp.
  return (Math.floor(((unixMs % 65_536_000) * 65_536) / 1000) + ((NTP_EPOCH_SECONDS * 65_536) % TWO_TO_32)) >>> 0;
}

/**
 * The round trip of a packet to the other side, by its report (RFC 3550, section 6.4.1).
 * @returns null if the other side has received no sender report yet
 */
export function roundTripMs({ lastSr, delaySinceLastSr }: Readonly<ReportBlock>, unixMs: number): number | null {
  if (lastSr === 0) return null;
  // Clocks are rounded, and may be adjusted.
  return Math.max(0, (ntpMiddleOf(unixMs) - lastSr - delaySinceLastSr) | 0) * (1000 / 65_536);
}
