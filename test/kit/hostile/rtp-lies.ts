import { encodeHeaderInto, RTP_HEADER_BYTES, type RtpHeader } from '../../../src/rtp/packet.ts';
import { nextBelow, nextBetween, nextRatio, nextUint32, type Random } from '../random.ts';
import { fillWithNoise, type Noise } from './noise.ts';

/** Packets that look like RTP (RFC 3550, section 5.1) until one reads what they say about themselves. */

export const RTP_LIES = [
  'rtp-ssrc',
  'rtp-jump',
  'rtp-payload-type',
  'rtp-csrc',
  'rtp-padding',
  'rtp-extension',
  'rtp-event',
] as const;
export type RtpLie = (typeof RTP_LIES)[number];

const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
const VERSION_MASK = 0xc0;
const VERSION_2 = 0x80;
const MAX_CSRCS = 15;
const CSRC_BYTES = 4;
const EXTENSION_HEADER_BYTES = 4;

/** 20 ms of G.711. */
const FRAME_BYTES = 160;
const MAX_PAYLOAD_BYTES = 1400;
const MAX_SHORT_BYTES = 16;

const PCMU = 0;
const TELEPHONE_EVENT = 101;
const FIRST_DYNAMIC = 96;
const TYPES = 128;
const EVENT_BYTES = 4;

/** Values at which 16 bits go wrong. */
const EDGES = [0, 1, 159, 0x7fff, 0x8000, 0xfffe, 0xffff] as const;

/** Makes one lie. `like` is a packet whose stream it pretends to belong to, if that is RTP. */
export function rtpLie(kind: RtpLie, like: Buffer, random: Random, noise: Noise): Buffer {
  const header = headerLike(like, random);
  switch (kind) {
    case 'rtp-ssrc':
      header.ssrc = nextUint32(random);
      return packet(header, FRAME_BYTES, random, noise);
    case 'rtp-jump':
      header.sequence = uint16(random);
      if (nextRatio(random) < 0.5) header.timestamp = nextUint32(random);
      return packet(header, FRAME_BYTES, random, noise);
    case 'rtp-payload-type':
      // With the marker, types 64 to 95 are those of RTCP (RFC 5761, section 4).
      header.payloadType = nextBelow(random, TYPES);
      header.marker = nextRatio(random) < 0.5;
      return packet(header, nextBelow(random, MAX_PAYLOAD_BYTES), random, noise);
    case 'rtp-csrc': {
      const out = packet(header, nextBelow(random, MAX_SHORT_BYTES), random, noise);
      const fitting = Math.floor((out.length - RTP_HEADER_BYTES) / CSRC_BYTES);
      setBits(out, nextBetween(random, fitting + 1, MAX_CSRCS));
      return out;
    }
    case 'rtp-padding':
      return padding(packet(header, nextBelow(random, 2 * FRAME_BYTES), random, noise), random);
    case 'rtp-extension':
      return extension(packet(header, nextBelow(random, 2 * FRAME_BYTES), random, noise), random);
    case 'rtp-event':
      return event(header, random, noise);
  }
}

/** The next packet of the stream, or of any stream if that packet is not RTP. */
function headerLike(like: Buffer, random: Random): RtpHeader {
  const isRtp = like.length >= RTP_HEADER_BYTES && ((like[0] as number) & VERSION_MASK) === VERSION_2;
  if (!isRtp) {
    const [sequence, timestamp, ssrc] = [uint16(random), nextUint32(random), nextUint32(random)];
    return { payloadType: PCMU, marker: false, sequence, timestamp, ssrc };
  }
  return {
    payloadType: (like[1] as number) & 0x7f,
    marker: false,
    sequence: (like.readUInt16BE(2) + 1) & 0xffff,
    timestamp: (like.readUInt32BE(4) + FRAME_BYTES) >>> 0,
    ssrc: like.readUInt32BE(8),
  };
}

function packet(header: RtpHeader, payloadBytes: number, random: Random, noise: Noise): Buffer {
  const out = Buffer.alloc(RTP_HEADER_BYTES + payloadBytes);
  fillWithNoise(out.subarray(RTP_HEADER_BYTES), random, noise);
  encodeHeaderInto(out, header);
  return out;
}

function setBits(out: Buffer, bits: number): void {
  out[0] = (out[0] as number) | bits;
}

/** The last byte is the count of padding bytes, itself included: none, all, more than there are, or a CSRC too many. */
function padding(out: Buffer, random: Random): Buffer {
  setBits(out, PADDING_BIT);
  const payloadBytes = out.length - RTP_HEADER_BYTES;
  const counts = [0, payloadBytes, payloadBytes + 1, out.length, 0xff, nextBelow(random, 256)];
  const count = counts[nextBelow(random, counts.length)] ?? 0;
  if (payloadBytes > 0) out[out.length - 1] = Math.min(count, 0xff);
  if (nextRatio(random) < 0.25) setBits(out, nextBetween(random, 1, MAX_CSRCS));
  return out;
}

/** The extension says that it is longer than the packet, or its elements that they are longer than it (RFC 8285). */
function extension(out: Buffer, random: Random): Buffer {
  setBits(out, EXTENSION_BIT);
  if (nextRatio(random) < 0.25) setBits(out, PADDING_BIT);
  const restBytes = out.length - RTP_HEADER_BYTES - EXTENSION_HEADER_BYTES;
  // Not even the header of the extension is complete: lie enough.
  if (restBytes < 0) return out;
  const words = Math.floor(restBytes / 4);
  const profiles = [0xbede, 0x1000, uint16(random)];
  const lengths = [words, words + 1, 0xffff, 0x8000, 0, uint16(random)];
  out.writeUInt16BE(profiles[nextBelow(random, profiles.length)] ?? 0, RTP_HEADER_BYTES);
  out.writeUInt16BE(lengths[nextBelow(random, lengths.length)] ?? 0, RTP_HEADER_BYTES + 2);
  return out;
}

/**
 * Telephone events that no telephone sends (RFC 4733, section 2.3): of any number, volume and duration, that end before
 * they begin or go on backwards, too short, or several in a packet.
 */
function event(header: RtpHeader, random: Random, noise: Noise): Buffer {
  header.payloadType = nextRatio(random) < 0.75 ? TELEPHONE_EVENT : nextBetween(random, FIRST_DYNAMIC, TYPES - 1);
  header.marker = nextRatio(random) < 0.5;
  if (nextRatio(random) < 0.5) header.timestamp = nextUint32(random);
  const payloadBytes = nextRatio(random) < 0.75 ? EVENT_BYTES : nextBelow(random, MAX_SHORT_BYTES);
  const out = packet(header, payloadBytes, random, noise);
  if (payloadBytes >= EVENT_BYTES && nextRatio(random) < 0.5) {
    // A real key, so that only the rest of it is nonsense.
    out[RTP_HEADER_BYTES] = nextBelow(random, 16);
    out.writeUInt16BE(uint16(random), RTP_HEADER_BYTES + 2);
  }
  return out;
}

/** Any 16 bits, but edges often. */
function uint16(random: Random): number {
  const edge = EDGES[nextBelow(random, 2 * EDGES.length)];
  return edge ?? nextBelow(random, 0x10000);
}
