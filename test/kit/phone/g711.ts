import g711 from 'alawmulaw';

/** The two G.711 laws by their SDP encoding name (RFC 3551, section 4.5.14). */
export type Codec = 'PCMU' | 'PCMA';

export const SAMPLE_RATE_HZ = 8000;
export const SAMPLES_PER_MS = 8;

/** Static RTP payload types, RFC 3551 table 4. */
export const PAYLOAD_TYPE: Readonly<Record<Codec, number>> = { PCMU: 0, PCMA: 8 };

/** What a law's digital silence looks like on the wire. */
export const SILENCE_BYTE: Readonly<Record<Codec, number>> = { PCMU: 0xff, PCMA: 0xd5 };

const LAW = { PCMU: g711.mulaw, PCMA: g711.alaw } as const;

/** Code byte -> 16-bit sample; a table because a listener decodes every packet of every call. */
const DECODE: Readonly<Record<Codec, Int16Array>> = { PCMU: decodeTable('PCMU'), PCMA: decodeTable('PCMA') };

/** Code byte -> squared sample, so that loudness costs one look-up per sample. */
const SQUARE: Readonly<Record<Codec, Float64Array>> = {
  PCMU: Float64Array.from(DECODE.PCMU, (sample) => sample * sample),
  PCMA: Float64Array.from(DECODE.PCMA, (sample) => sample * sample),
};

function decodeTable(codec: Codec): Int16Array {
  const law = LAW[codec];
  return Int16Array.from({ length: 256 }, (_, code) => law.decodeSample(code));
}

/** 16-bit linear samples at 8000 Hz to G.711. Allocates: sounds are encoded once, not per packet. */
export function encodeG711(codec: Codec, samples: Int16Array): Uint8Array {
  return LAW[codec].encode(samples);
}

/** HOT PATH. Decodes `payload[start, end)` into `out` from `outAt`, wrapping at the end of `out`. */
export function decodeG711Wrapped(
  codec: Codec,
  payload: Uint8Array,
  start: number,
  end: number,
  out: Int16Array,
  outAt: number,
): void {
  const table = DECODE[codec];
  const size = out.length;
  let at = outAt;
  for (let i = start; i < end; i++) {
    out[at] = table[payload[i] as number] as number;
    if (++at === size) at = 0;
  }
}

/** HOT PATH. Mean squared sample of `payload[start, end)`; 0 for an empty range. */
export function meanSquareG711(codec: Codec, payload: Uint8Array, start: number, end: number): number {
  if (end <= start) return 0;
  const table = SQUARE[codec];
  let sum = 0;
  for (let i = start; i < end; i++) sum += table[payload[i] as number] as number;
  return sum / (end - start);
}

/** The law of a static payload type, or null when the packet is no G.711 audio. */
export function codecOfPayloadType(payloadType: number): Codec | null {
  if (payloadType === PAYLOAD_TYPE.PCMU) return 'PCMU';
  if (payloadType === PAYLOAD_TYPE.PCMA) return 'PCMA';
  return null;
}
