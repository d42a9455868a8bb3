import { isIP, isIPv4, SocketAddress } from 'node:net';
import { AF_INET, AF_INET6, AF_UNSPEC } from './constants.ts';
import { UdpError } from './errors.ts';

/**
 *     0               2               4               8                              16
 *     | family        | port          | IPv4 address  | zeros                         |
 *     | family        | port          | flow          | IPv6 address, 16 bytes ...    | scope, 4 bytes |
 *
 * `struct sockaddr_in`, see ip(7), and `struct sockaddr_in6`, see ipv6(7). Port and address are in network order, the
 * family is in that of the machine.
 */
const IPV4_BYTES = 16;
const IPV6_BYTES = 28;
/** The kernel writes as many at most. */
export const MAX_SOCKET_ADDRESS_BYTES = IPV6_BYTES;
const PORT = 2;
const IPV4_ADDRESS = 4;
const IPV6_ADDRESS = 8;
const WORD_BYTES = 4;

/** Undoes a `connect`. */
export const NO_ADDRESS = new Uint8Array(new ArrayBuffer(IPV4_BYTES)).fill(AF_UNSPEC);

/** The size of the structure for this address. */
export function socketAddressBytes(host: string): number {
  return isIPv4(host) ? IPV4_BYTES : IPV6_BYTES;
}

/** @throws UdpError EINVAL for an invalid IP address or port */
export function encodeSocketAddressInto(into: DataView, host: string, port: number): void {
  checkPort(port);
  const words = wordsOf(host);
  into.setUint16(0, words.length === 1 ? AF_INET : AF_INET6, true);
  into.setUint16(PORT, port);
  const address = words.length === 1 ? IPV4_ADDRESS : IPV6_ADDRESS;
  for (const [index, word] of words.entries()) into.setUint32(address + WORD_BYTES * index, word);
}

/** @throws UdpError EINVAL */
export function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) throw new UdpError('EINVAL', `${port} is no port`);
}

export function portOf(address: DataView): number {
  return address.getUint16(PORT);
}

/** HOT PATH. Whether two structures have the same family and address; their ports may differ. */
export function isSameHost(a: DataView, b: DataView): boolean {
  if (a.getUint16(0) !== b.getUint16(0)) return false;
  if (a.getUint16(0, true) === AF_INET) return a.getUint32(IPV4_ADDRESS) === b.getUint32(IPV4_ADDRESS);
  for (let at = IPV6_ADDRESS; at < IPV6_ADDRESS + 16; at += WORD_BYTES) {
    if (a.getUint32(at) !== b.getUint32(at)) return false;
  }
  return true;
}

/** The address in a structure, in the form of `canonicalHost`. */
export function hostOf(address: DataView): string {
  if (address.getUint16(0, true) === AF_INET) return new Uint8Array(address.buffer, IPV4_ADDRESS, 4).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => address.getUint16(IPV6_ADDRESS + 2 * index).toString(16));
  return canonicalHost(groups.join(':'));
}

/** An IP address in the only form in which addresses are compared: that of RFC 5952. Other text is returned as it is. */
export function canonicalHost(host: string): string {
  return isIP(host) === 6 ? new SocketAddress({ address: host, family: 'ipv6' }).address : host;
}

/** Whether the text stands for all addresses of a host: `0.0.0.0` or `::`. */
export function isAnyAddress(host: string): boolean {
  return ['0.0.0.0', '::'].includes(canonicalHost(host));
}

/**
 * The 32-bit words of an address, in network order: one of IPv4, four of IPv6.
 *
 * @throws UdpError EINVAL
 */
export function wordsOf(host: string): number[] {
  if (isIPv4(host)) return [host.split('.').reduce((number, byte) => number * 256 + Number(byte), 0)];
  // An address of one link alone, such as fe80::1%eth0, says little to another host.
  if (isIP(host) !== 6 || host.includes('%')) throw new UdpError('EINVAL', `${host} is no IP address`);
  const [head = '', tail] = canonicalHost(host).split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const groups = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return [0, 2, 4, 6].map((at) => (groups[at] ?? 0) * 0x1_0000 + (groups[at + 1] ?? 0));
}

/** @param text a part of an IPv6 address without `::`; the last group may be an IPv4 address */
function groupsOf(text: string): number[] {
  return text.split(':').flatMap((group) => {
    if (group === '') return [];
    if (!isIPv4(group)) return [Number.parseInt(group, 16)];
    const [word = 0] = wordsOf(group);
    return [word >>> 16, word & 0xffff];
  });
}
