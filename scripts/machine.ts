import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { readFileLimits } from '../src/process/open-files.ts';

/** Below the ports of rtp.conf, any of which a call may need, and below those of Linux's outgoing connections. */
const FREE_PORTS = { first: 2000, count: 8000 };
/** No port is given twice soon, and two processes hardly give the same. */
let given = randomInt(FREE_PORTS.count);

/**
 * A port that is free for TCP and UDP on an address now, the wanted one if possible; someone else may yet take it.
 *
 * @throws Error when the machine does not have the address
 */
export async function freePort(address: string, wanted: number | null = null): Promise<number> {
  if (wanted !== null && (await isFree(wanted, address))) return wanted;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    given = (given + 1) % FREE_PORTS.count;
    const port = FREE_PORTS.first + given;
    if (await isFree(port, address)) return port;
  }
  throw new Error(`no free port on ${address}`);
}

async function isFree(port: number, address: string): Promise<boolean> {
  return (await isFreeForTcp(port, address)) && (await isFreeForUdp(port, address));
}

async function isFreeForTcp(port: number, address: string): Promise<boolean> {
  const server = createServer().listen(port, address);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') return false;
    throw new Error(`this machine has no address ${address}`);
  }
  server.close();
  await once(server, 'close');
  return true;
}

async function isFreeForUdp(port: number, address: string): Promise<boolean> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** How many files a process started from here may open, having raised its soft limit. */
export async function hardLimitOfFiles(): Promise<number> {
  return (await readFileLimits('self'))?.hard ?? Number.POSITIVE_INFINITY;
}

/** The address that phones are told to send RTP to: the bound one, or the first of a network where all are bound. */
export function phoneAddressOf(bindAddress: string): string {
  if (bindAddress !== '0.0.0.0') return bindAddress;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

/** A loopback address for the RTP of the Asterisk that is bound at an address, and for nothing else. */
export function mediaAddressOf(bindAddress: string): string {
  const [first, second, third, fourth] = bindAddress.split('.').map(Number);
  return first === 127 ? `127.${((second ?? 0) + 100) % 256}.${third}.${fourth}` : '127.0.99.1';
}
