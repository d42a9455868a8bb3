import { isIPv4 } from 'node:net';
import { AF_INET, AF_UNSPEC } from './constants.ts';
import { UdpError } from './errors.ts';

/**
 *     0               2               4               8                              16
 *     | family        | port          | IPv4 address  | zeros                         |
 *
 * `struct sockaddr_in`, see ip(7). Port and address are in network order, the family is in that of the machine.
 */
export const SOCKET_ADDRESS_BYTES = 16;
/** The size of `struct sockaddr_in6`, which the kernel may write. */
export const MAX_SOCKET_ADDRESS_BYTES = 28;
const PORT = 2;
const ADDRESS = 4;

/** Undoes a `connect`. */
export const NO_ADDRESS = new Uint8Array(new ArrayBuffer(SOCKET_ADDRESS_BYTES)).fill(AF_UNSPEC);

/** @throws UdpError EINVAL for an invalid IPv4 address or port */
export function encodeSocketAddressInto(into: DataView, host: string, port: number): void {
  checkPort(port);
  into.setUint16(0, AF_INET, true);
  into.setUint16(PORT, port);
  into.setUint32(ADDRESS, ipv4Number(host));
}

/** @throws UdpError EINVAL */
export function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) throw new UdpError('EINVAL', `${port} is no port`);
}

export function portOf(address: DataView): number {
  return address.getUint16(PORT);
}

/** See `ipv4Text`. */
export function hostNumberOf(address: DataView): number {
  return address.getUint32(ADDRESS);
}

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
