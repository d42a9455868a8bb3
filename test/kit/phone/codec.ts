import type { AudioFormat } from '../sip/sdp.ts';
import {
  type Codec,
  codecOfPayloadType,
  decodeG711Wrapped,
  encodeG711,
  meanSquareG711,
  PAYLOAD_TYPE,
  SAMPLE_RATE_HZ,
  SILENCE_BYTE,
} from './g711.ts';

/**
 * What a phone speaks: a law of G.711, or L16 at 16000 Hz, which is linear samples in network order (RFC 3551, section
 * 4.5.11). That is the wideband codec which needs no code book; Asterisk calls it slin16.
 */
export type AudioCodec = Codec | 'L16';

const L16_RATE_HZ = 16_000;
/** A dynamic one; the number is that by which Asterisk knows slin16. */
const L16_PAYLOAD_TYPE = 118;

export function sampleRateHz(codec: AudioCodec): 8000 | 16_000 {
  return codec === 'L16' ? L16_RATE_HZ : SAMPLE_RATE_HZ;
}

export function bytesPerSample(codec: AudioCodec): number {
  return codec === 'L16' ? 2 : 1;
}

export function payloadTypeOf(codec: AudioCodec): number {
  return codec === 'L16' ? L16_PAYLOAD_TYPE : PAYLOAD_TYPE[codec];
}

export function audioFormatOf(codec: AudioCodec): AudioFormat {
  return { name: codec, payloadType: payloadTypeOf(codec), clockRateHz: sampleRateHz(codec) };
}

export function audioCodecOf(payloadType: number): AudioCodec | null {
  return payloadType === L16_PAYLOAD_TYPE ? 'L16' : codecOfPayloadType(payloadType);
}

/** Allocates: sounds are encoded once, not per packet. */
export function encodeAudio(codec: AudioCodec, samples: Int16Array): Uint8Array {
  if (codec !== 'L16') return encodeG711(codec, samples);
  const bytes = Buffer.alloc(samples.length * 2);
  for (let i = 0; i < samples.length; i++) bytes.writeInt16BE(samples[i] as number, 2 * i);
  return bytes;
}

/** Digital silence on the wire. */
export function silentPayload(codec: AudioCodec, samples: number): Uint8Array {
  return new Uint8Array(samples * bytesPerSample(codec)).fill(codec === 'L16' ? 0 : SILENCE_BYTE[codec]);
}

/** HOT PATH. Decodes the bytes `payload[start, end)` into `out` from `outAt`, wrapping at the end of `out`. */
export function decodeWrapped(
  codec: AudioCodec,
  payload: Uint8Array,
  start: number,
  end: number,
  out: Int16Array,
  outAt: number,
): void {
  if (codec !== 'L16') return decodeG711Wrapped(codec, payload, start, end, out, outAt);
  let at = outAt;
  for (let i = start; i + 1 < end; i += 2) {
    out[at] = ((payload[i] as number) << 8) | (payload[i + 1] as number);
    if (++at === out.length) at = 0;
  }
}

/** HOT PATH. Mean squared sample of the bytes `payload[start, end)`; 0 for an empty range. */
export function meanSquare(codec: AudioCodec, payload: Uint8Array, start: number, end: number): number {
  if (codec !== 'L16') return meanSquareG711(codec, payload, start, end);
  let sum = 0;
  for (let i = start; i + 1 < end; i += 2) {
    const sample = (((payload[i] as number) << 24) >> 16) | (payload[i + 1] as number);
    sum += sample * sample;
  }
  return end - start < 2 ? 0 : sum / ((end - start) >> 1);
}
