import { randomInt } from 'node:crypto';
import { BlockList, isIPv4 } from 'node:net';

/** An IPv4 address and port, of UDP or TCP. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');

const MAX_PORT = 65_535;

/**
 * A loopback address of one's own: drawn by lot from six million, so that tests that run at the same time do not meet.
 * The RTP of an Asterisk at this address is at another one, see `mediaAddressOf`, which is never drawn.
 */
export function ownAddress(): string {
  return `127.${randomInt(1, 100)}.${randomInt(256)}.${randomInt(1, 255)}`;
}

/** Whether an address is of 127.0.0.0/8, in the usual notation. Names are not: nobody knows what they resolve to. */
export function isLoopback(address: string): boolean {
  return isIPv4(address) && LOOPBACK.check(address, 'ipv4');
}

/** Reads `127.0.1.1:5004`; null for anything that is not a loopback address with a port of 1 to 65535. */
export function parseLoopbackEndpoint(text: string): Endpoint | null {
  const [, address = '', digits = ''] = /^([\d.]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return isLoopback(address) && port > 0 && port <= MAX_PORT ? { address, port } : null;
}
