import { isIPv4 } from 'node:net';
import { UdpError } from './errors.ts';

/**
 * The 32 bits of an address like '192.0.2.1'; the first byte is the highest.
 *
 * @throws UdpError EINVAL
 */
export function ipv4Number(host: string): number {
  if (!isIPv4(host)) throw new UdpError('EINVAL', `${host} is no IPv4 address`);
  return host.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
}

export function ipv4Text(number: number): string {
  return `${number >>> 24}.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`;
}
