import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCapture, encodeCapture } from '../../../kit/hostile/capture.ts';
import { dropsOf } from '../../../kit/hostile/kernel-drops.ts';
import { isLoopback, parseLoopbackEndpoint } from '../../../kit/loopback.ts';

describe('a capture', () => {
  it('gives back the datagrams that were written', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 })), (datagrams) => {
        const read = decodeCapture(encodeCapture(datagrams));
        expect(read.map((one) => Uint8Array.from(one))).toEqual(datagrams);
      }),
    );
  });

  it('is refused with the place where it is not complete', () => {
    const whole = encodeCapture([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    for (const [length, offset] of [
      [1, 0],
      [4, 0],
      [6, 5],
      [7, 5],
    ] as const) {
      expect(() => decodeCapture(whole.subarray(0, length))).toThrowError(
        expect.objectContaining({ code: 'bad-capture', detail: { code: 'bad-capture', offset } }),
      );
    }
  });
});

describe('loopback addresses', () => {
  it('are those of 127.0.0.0/8 and nothing else', () => {
    for (const address of ['127.0.0.1', '127.255.255.255']) expect(isLoopback(address)).toBe(true);
    for (const address of [
      '128.0.0.1',
      '10.0.0.1',
      '0.0.0.0',
      'localhost',
      '::1',
      '127.1',
      '127.0.0.1.example.org',
      '',
    ]) {
      expect(isLoopback(address)).toBe(false);
    }
  });

  it('are read with their ports', () => {
    expect(parseLoopbackEndpoint('127.0.1.1:5004')).toEqual({ address: '127.0.1.1', port: 5004 });
    for (const text of ['127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '8.8.8.8:53', 'localhost:53', '127.0.0.1:1 ']) {
      expect(parseLoopbackEndpoint(text)).toBe(null);
    }
  });
});

describe('the drops of the kernel', () => {
  const table = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    '  100: 0100007F:138C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3417 2 0000000000000000 17',
    '  101: 0101007F:138C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3418 2 0000000000000000 100',
    '  102: 00000000:138C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3419 2 0000000000000000 3',
    '  103: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3420 2 0000000000000000 5',
  ].join('\n');

  it('are those of all sockets that get packets for an endpoint', () => {
    expect(dropsOf(table, { address: '127.0.0.1', port: 5004 })).toBe(20);
    expect(dropsOf(table, { address: '127.0.1.1', port: 5004 })).toBe(103);
    expect(dropsOf(table, { address: '127.0.1.1', port: 80 })).toBe(5);
  });

  it('are unknown where nothing listens', () => {
    expect(dropsOf(table, { address: '127.0.0.1', port: 5005 })).toBe(null);
    expect(dropsOf('', { address: '127.0.0.1', port: 5004 })).toBe(null);
  });
});
