import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  decodeControl,
  decodeFrame,
  encodeControl,
  encodeFrame,
  FRAME_HEADER_BYTES,
  KIND,
} from '../../../../src/events/nats/frame.ts';

const nonce = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const number = fc.integer({ min: 0, max: 2 ** 48 - 1 });

it('a frame is read as it was written', () => {
  const frame = fc.record({
    kind: fc.constantFrom(...Object.values(KIND)),
    session: nonce,
    peerSession: nonce,
    direct: number,
    all: number,
    payload: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(frame, (written) => {
      const bytes = encodeFrame(written);
      expect(decodeFrame(bytes)).toEqual({ ...written, header: bytes.subarray(0, FRAME_HEADER_BYTES) });
    }),
  );
});

it('any bytes are a frame or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 160 }), (bytes) => {
      const frame = decodeFrame(Buffer.from(bytes));
      const isOne = bytes.length >= FRAME_HEADER_BYTES && (bytes[0] ?? 0) >= 1 && (bytes[0] ?? 0) <= 6;
      expect(frame !== null).toBe(isOne);
    }),
  );
});

it('a control message of a later version may have more fields, or be unknown', () => {
  expect(decodeControl(Buffer.from('{"type":"ping","atMs":1,"later":2}'))).toEqual({ type: 'ping', atMs: 1 });
  expect(decodeControl(Buffer.from('{"type":"dance"}'))).toBeNull();
  expect(decodeControl(Buffer.from('{'))).toBeNull();
  expect(decodeControl(encodeControl({ type: 'beat', direct: { b: 3 } }))).toEqual({ type: 'beat', direct: { b: 3 } });
});
