import { encodeG711Into } from '../../audio/g711.ts';
import { G722Encoder } from '../../audio/g722.ts';
import { RTP_HEADER_BYTES } from '../../rtp/packet.ts';
import type { CallSpec } from '../protocol/protocol.ts';

type Codec = CallSpec['codec'];

/** Static payload types (RFC 3551, section 6). Every phone may get comfort noise (RFC 3389). */
const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8, G722: 9 } as const;
const CODECS: ReadonlyMap<number, Codec> = new Map([
  [0, 'PCMU'],
  [8, 'PCMA'],
  [9, 'G722'],
]);
const COMFORT_NOISE = 13;
/** The level in -dBov is the only byte of a comfort noise payload. */
const FAINT = 90;
/** 20 ms in each of these codecs. */
const PAYLOAD_BYTES = 160;

export function staticTypeOf(codec: Codec): number {
  return codec === null ? COMFORT_NOISE : PAYLOAD_TYPES[codec];
}

/** @returns null for a payload type of which the relay encodes no codec */
export function staticCodecOf(payloadType: number): Codec {
  return CODECS.get(payloadType) ?? null;
}

const PACKETS = new Map<Codec, Buffer>();

/** A packet with 20 ms of silence, and room for its header. It is reused. */
export function silenceOf(codec: Codec): Buffer {
  const known = PACKETS.get(codec);
  if (known) return known;
  const packet = Buffer.alloc(RTP_HEADER_BYTES + (codec === null ? 1 : PAYLOAD_BYTES), FAINT);
  const payload = packet.subarray(RTP_HEADER_BYTES);
  if (codec === 'G722') new G722Encoder(2 * PAYLOAD_BYTES).encodeInto(new Int16Array(2 * PAYLOAD_BYTES), payload);
  else if (codec !== null) encodeG711Into(codec, new Int16Array(PAYLOAD_BYTES), payload);
  PACKETS.set(codec, packet);
  return packet;
}
