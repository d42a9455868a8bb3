import { G722Decoder, G722Encoder } from '../../audio/g722.ts';
import { decodeL16Into, encodeL16Into } from '../../audio/l16.ts';
import type { FloorSpec } from '../protocol/protocol.ts';

/** The format of 20 ms of audio in the stream to and from Asterisk. */
export type FloorCodec = {
  readonly payloadType: number;
  readonly payloadBytes: number;
  decodeInto(bytes: Uint8Array, out: Int16Array): void;
  encodeInto(samples: Int16Array, out: Uint8Array): void;
};

/**
 * ExternalMedia negotiates nothing, so Asterisk accepts only static payload types (RFC 3551). It sends L16 at 16 kHz as
 * 118, but does not accept it. G.722 is its only wideband codec with a static type.
 */
export function floorCodec(sampleRateHz: FloorSpec['sampleRateHz']): FloorCodec {
  if (sampleRateHz === 8000) {
    return { payloadType: 10, payloadBytes: 320, decodeInto: decodeL16Into, encodeInto: encodeL16Into };
  }
  const decoder = new G722Decoder(320);
  const encoder = new G722Encoder(320);
  return {
    payloadType: 9,
    payloadBytes: 160,
    decodeInto: (bytes, out) => decoder.decodeInto(bytes, out),
    encodeInto: (samples, out) => encoder.encodeInto(samples, out),
  };
}
