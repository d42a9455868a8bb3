import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalHost,
  encodeSocketAddressInto,
  hostOf,
  isSameHost,
  MAX_SOCKET_ADDRESS_BYTES,
  portOf,
  wordsOf,
} from '../../../src/udp/socket-address.ts';

function encoded(host: string, port = 5004): DataView {
  const address = new DataView(new ArrayBuffer(MAX_SOCKET_ADDRESS_BYTES));
  encodeSocketAddressInto(address, host, port);
  return address;
}

describe('the address of a socket', () => {
  it('is written as the kernel reads it', () => {
    const bytes = Buffer.from(encoded('192.0.2.1', 5004).buffer).toString('hex');
    expect(bytes.slice(0, 32)).toBe('0200138cc00002010000000000000000');
    const six = Buffer.from(encoded('2001:db8::a:1', 5004).buffer).toString('hex');
    expect(six).toBe('0a00138c0000000020010db80000000000000000000a000100000000');
  });

  it('comes back as it was, whatever its version', () => {
    const anyHost = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(anyHost, anyHost, fc.nat(65_535), (host, other, port) => {
        const address = encoded(host, port);
        expect(hostOf(address)).toBe(canonicalHost(host));
        expect(portOf(address)).toBe(port);
        expect(isSameHost(address, encoded(other))).toBe(canonicalHost(host) === canonicalHost(other));
        expect(isSameHost(address, encoded(host, 1))).toBe(true);
      }),
    );
  });

  it('has one form for each IPv6 address', () => {
    for (const host of ['FD00:0:0::0001:2', 'fd00::1:2', 'fd00:0:0:0:0:0:1:2', 'fd00::0.1.0.2']) {
      expect(canonicalHost(host)).toBe('fd00::1:2');
    }
    expect(canonicalHost('192.0.2.1')).toBe('192.0.2.1');
  });

  it.each(['', 'example.org', '192.0.2.256', '::1%lo', '1:2:3'])('is not "%s"', (host) => {
    expect(() => wordsOf(host)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});
