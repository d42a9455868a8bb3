import { G722Decoder, G722Encoder } from '../../audio/g722.ts';
import { decodeL16Into, encodeL16Into } from '../../audio/l16.ts';
import type { FloorSpec } from '../protocol/protocol.ts';

/** How 20 ms of sound are exchanged with Asterisk, both ways, over one stream. */
export type FloorCodec = {
  readonly payloadType: number;
  readonly payloadBytes: number;
  decodeInto(bytes: Uint8Array, out: Int16Array): void;
  encodeInto(samples: Int16Array, out: Uint8Array): void;
};

/**
 * Over ExternalMedia nothing is negotiated, and Asterisk takes only payload types that need not be: L16 at 16 kHz, which
 * it sends as 118, it does not take. G.722 is its only wideband codec that has a static one (RFC 3551).
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
