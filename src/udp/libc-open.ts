import * as c from './constants.ts';
import { UdpError } from './errors.ts';
import type { Libc } from './libc.ts';
import { type Memory, memory } from './memory.ts';
import { encodeSocketAddressInto, NO_ADDRESS, portOf, SOCKET_ADDRESS_BYTES } from './socket-address.ts';
import { joinGroup, lastError, setOptions } from './socket-options.ts';
import type { UdpSocketOptions } from './udp.ts';

/** Another process can take a port in the moment in which it is not bound. */
const MAX_PORT_TRIES = 10;

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
  const address = memory(libc, SOCKET_ADDRESS_BYTES);
  encodeSocketAddressInto(address.view, host, port);
  const fd = libc.socket(c.AF_INET, c.SOCK_DGRAM | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC, 0);
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
  if (libc.bind(fd, address.bytes, SOCKET_ADDRESS_BYTES) !== 0) throw lastError(libc, `${name} cannot be bound`);
}

/**
 * A port that the kernel chose is lost when a connected socket is disconnected. So this gives it up at once, and binds
 * the same one by its number.
 *
 * @param address gets the port
 */
function fixPort(libc: Libc, fd: number, address: Memory): void {
  const length = new Uint8Array(new Uint32Array([SOCKET_ADDRESS_BYTES]).buffer);
  if (libc.getsockname(fd, address.bytes, length) !== 0) throw lastError(libc, 'the port of a socket cannot be read');
  libc.connect(fd, NO_ADDRESS, SOCKET_ADDRESS_BYTES);
  bind(libc, fd, address, `port ${portOf(address.view)}`);
}
