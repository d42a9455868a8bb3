import { getSystemErrorName } from 'node:util';
import * as c from './constants.ts';
import { UdpError } from './errors.ts';
import type { Filter } from './filter.ts';
import { ipv4Number } from './ipv4.ts';
import type { Libc } from './libc.ts';
import { memory } from './memory.ts';
import type { MulticastOptions, UdpSocketOptions } from './udp.ts';

/** DSCP is the upper six bits of the TOS byte, RFC 2474 section 3. */
const DSCP_SHIFT = 2;
/** `struct sock_filter`: code (2), jump if true (1), jump if false (1), operand (4). */
const INSTRUCTION_BYTES = 8;
/** `struct sock_fprog`: the number of instructions (2), padding, their address (8). */
const PROGRAM_BYTES = 16;

/** The error of the last call that failed. */
export function lastError(libc: Libc, what: string): UdpError {
  return new UdpError(getSystemErrorName(-libc.errno()), what);
}

/**
 * Sets the options that must be set before a socket is bound.
 *
 * @throws UdpError
 */
export function setOptions(libc: Libc, fd: number, options: UdpSocketOptions): void {
  const { receiveBufferBytes, sendBufferBytes, dscp, multicast } = options;
  const set = (level: number, option: number, value: number): void => {
    setOption(libc, fd, level, option, new Uint8Array(new Int32Array([value]).buffer));
  };
  if (receiveBufferBytes !== undefined) set(c.SOL_SOCKET, c.SO_RCVBUF, receiveBufferBytes);
  if (sendBufferBytes !== undefined) set(c.SOL_SOCKET, c.SO_SNDBUF, sendBufferBytes);
  if (dscp !== undefined) set(c.IPPROTO_IP, c.IP_TOS, dscp << DSCP_SHIFT);
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
export function joinGroup(libc: Libc, fd: number, group: string, { interfaceAddress }: MulticastOptions): void {
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

/** Writes the address in network order. */
function hostBytes(host: string): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(ipv4Number(host));
  return bytes;
}
