import { describe, expect, it } from 'vitest';
import { decodeRtpInto, emptyRtpView, encodeInto } from '../../../src/rtp/packet.ts';

const HEADER = { payloadType: 8, marker: true, sequence: 0xfffe, timestamp: 0xfffffff0, ssrc: 0xdeadbeef };

describe('the RTP codec', () => {
  it('writes the header of RFC 3550', () => {
    const out = Buffer.alloc(14);
    expect(encodeInto(out, HEADER, Uint8Array.of(1, 2))).toBe(14);
    expect(out.toString('hex')).toBe('8088fffefffffff0deadbeef0102');
  });

  it('reads what it wrote', () => {
    const out = Buffer.alloc(14);
    encodeInto(out, HEADER, Uint8Array.of(1, 2));
    const view = emptyRtpView();
    expect(decodeRtpInto(view, out)).toBeNull();
    expect(view).toEqual({ ...HEADER, payloadStart: 12, payloadEnd: 14 });
  });

  it('steps over CSRCs, extension and padding', () => {
    // V=2 P=1 X=1 CC=1; one CSRC, an extension of one word, two bytes of payload, two of padding.
    const packet = Buffer.from('b100000100000002000000030000000400010001aaaaaaaa05060002', 'hex');
    const view = emptyRtpView();
    expect(decodeRtpInto(view, packet)).toBeNull();
    expect(packet.subarray(view.payloadStart, view.payloadEnd).toString('hex')).toBe('0506');
  });

  it.each([
    ['8000', 'too-short'],
    ['400000000000000000000000', 'not-version-2'],
    ['80c800000000000000000000', 'rtcp'],
    ['8f0000000000000000000000', 'bad-length'],
    ['900000000000000000000000', 'bad-length'],
    ['a000000000000000000000000a', 'bad-length'],
  ])('drops %s as %s', (hex, reason) => {
    expect(decodeRtpInto(emptyRtpView(), Buffer.from(hex, 'hex'))).toBe(reason);
  });
});
