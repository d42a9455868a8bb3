import { isIPv4 } from 'node:net';
import * as c from './constants.ts';
import { UdpError } from './errors.ts';
import type { Filter } from './filter.ts';
import { type Libc, lastError, type Memory, memory } from './libc.ts';
import { encodeSocketAddressInto, NO_ADDRESS, portOf, socketAddressBytes, wordsOf } from './socket-address.ts';
import type { MulticastOptions, UdpSocketOptions } from './udp.ts';

/** Another process can take a port in the moment in which it is not bound. */
const MAX_PORT_TRIES = 10;
/** DSCP is the upper six bits of the TOS byte, or of the traffic class of IPv6, RFC 2474 section 3. */
const DSCP_SHIFT = 2;
/** `struct sock_filter`: code (2), jump if true (1), jump if false (1), operand (4). */
const INSTRUCTION_BYTES = 8;
/** `struct sock_fprog`: the number of instructions (2), padding, their address (8). */
const PROGRAM_BYTES = 16;

export type BoundSocket = { readonly fd: number; readonly host: string; readonly port: number };

/**
 * Makes a socket with these options and binds it, or continues with a bound one.
 *
 * @throws UdpError
 */
export function openSocket(libc: Libc, options: UdpSocketOptions): BoundSocket {
  const { descriptor, host, port } = options;
  if (descriptor !== undefined) return { fd: descriptor, host, port };
  for (let tries = 1; ; tries++) {
    try {
      return tryToOpen(libc, options);
    } catch (error) {
      const mayTryAgain = options.port === 0 && tries < MAX_PORT_TRIES;
      if (!mayTryAgain || !(error instanceof UdpError) || error.code !== 'EADDRINUSE') throw error;
    }
  }
}

function tryToOpen(libc: Libc, options: UdpSocketOptions): BoundSocket {
  const { host, port, multicast } = options;
  const address = memory(libc, socketAddressBytes(host));
  encodeSocketAddressInto(address.view, host, port);
  const fd = libc.socket(isIPv4(host) ? c.AF_INET : c.AF_INET6, c.SOCK_DGRAM | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC, 0);
  if (fd < 0) throw lastError(libc, 'a UDP socket cannot be made');
  try {
    setOptions(libc, fd, options);
    bind(libc, fd, address, `${host}:${port}`);
    if (port === 0) fixPort(libc, fd, address);
    if (multicast?.role === 'member') joinGroup(libc, fd, host, multicast);
    return { fd, host, port: portOf(address.view) };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

function bind(libc: Libc, fd: number, address: Memory, name: string): void {
  if (libc.bind(fd, address.bytes, address.bytes.length) !== 0) throw lastError(libc, `${name} cannot be bound`);
}

/**
 * A port that the kernel chose is lost when a connected socket is disconnected. So this gives it up at once, and binds
 * the same one by its number.
 *
 * @param address gets the port
 */
function fixPort(libc: Libc, fd: number, address: Memory): void {
  const length = new Uint8Array(new Uint32Array([address.bytes.length]).buffer);
  if (libc.getsockname(fd, address.bytes, length) !== 0) throw lastError(libc, 'the port of a socket cannot be read');
  libc.connect(fd, NO_ADDRESS, NO_ADDRESS.length);
  bind(libc, fd, address, `port ${portOf(address.view)}`);
}

/**
 * Sets the options that must be set before a socket is bound.
 *
 * @throws UdpError
 */
function setOptions(libc: Libc, fd: number, options: UdpSocketOptions): void {
  const { host, receiveBufferBytes, sendBufferBytes, dscp, multicast } = options;
  const set = (level: number, option: number, value: number): void => {
    setOption(libc, fd, level, option, new Uint8Array(new Int32Array([value]).buffer));
  };
  if (receiveBufferBytes !== undefined) set(c.SOL_SOCKET, c.SO_RCVBUF, receiveBufferBytes);
  if (sendBufferBytes !== undefined) set(c.SOL_SOCKET, c.SO_SNDBUF, sendBufferBytes);
  const isV6 = !isIPv4(host);
  // Any address of IPv6 does not include those of IPv4.
  if (isV6) set(c.IPPROTO_IPV6, c.IPV6_V6ONLY, 1);
  if (dscp !== undefined && isV6) set(c.IPPROTO_IPV6, c.IPV6_TCLASS, dscp << DSCP_SHIFT);
  if (dscp !== undefined && !isV6) set(c.IPPROTO_IP, c.IP_TOS, dscp << DSCP_SHIFT);
  if (multicast?.role === 'member') set(c.SOL_SOCKET, c.SO_REUSEADDR, 1);
  if (multicast?.role === 'sender') {
    setOption(libc, fd, c.IPPROTO_IP, c.IP_MULTICAST_IF, hostBytes(multicast.interfaceAddress));
    set(c.IPPROTO_IP, c.IP_MULTICAST_TTL, multicast.ttl);
    set(c.IPPROTO_IP, c.IP_MULTICAST_LOOP, 1);
  }
}

/**
 * `struct ip_mreq`: the group, then the interface. See ip(7).
 *
 * @throws UdpError
 */
function joinGroup(libc: Libc, fd: number, group: string, { interfaceAddress }: MulticastOptions): void {
  const membership = Buffer.concat([hostBytes(group), hostBytes(interfaceAddress)]);
  setOption(libc, fd, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, membership);
}

/** @throws UdpError EINVAL for an invalid program */
export function setFilter(libc: Libc, fd: number, filter: Filter | null): void {
  if (filter === null) {
    // The call fails when there is no filter, which is fine.
    libc.setsockopt(fd, c.SOL_SOCKET, c.SO_DETACH_FILTER, new Uint8Array(4), 4);
    return;
  }
  const instructions = memory(libc, filter.length * INSTRUCTION_BYTES);
  for (const [index, { code, skipIfTrue, skipIfFalse, operand }] of filter.entries()) {
    const at = index * INSTRUCTION_BYTES;
    instructions.view.setUint16(at, code, true);
    instructions.view.setUint8(at + 2, skipIfTrue);
    instructions.view.setUint8(at + 3, skipIfFalse);
    instructions.view.setUint32(at + 4, operand, true);
  }
  const program = memory(libc, PROGRAM_BYTES);
  program.view.setUint16(0, filter.length, true);
  program.view.setBigUint64(8, BigInt(instructions.address), true);
  setOption(libc, fd, c.SOL_SOCKET, c.SO_ATTACH_FILTER, program.bytes);
}

function setOption(libc: Libc, fd: number, level: number, option: number, value: Uint8Array): void {
  if (libc.setsockopt(fd, level, option, value, value.length) === 0) return;
  throw lastError(libc, `socket option ${option} of level ${level} cannot be set`);
}

/** Writes an IPv4 address in network order. */
function hostBytes(host: string): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(wordsOf(host)[0] ?? 0);
  return bytes;
}
