import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';

/**
 * A port that is free for TCP and UDP on an address now, the wanted one if possible; someone else may yet take it.
 *
 * @throws Error when the machine does not have the address
 */
export async function freePort(address: string, wanted = 0): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const server = createServer().listen(attempt === 0 ? wanted : 0, address);
    const listens = await once(server, 'listening').then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRNOTAVAIL') throw new Error(`this machine has no address ${address}`);
        return false;
      },
    );
    if (!listens) continue;
    const bound = server.address();
    const port = typeof bound === 'object' && bound ? bound.port : 0;
    const isFree = await isFreeForUdp(port, address);
    server.close();
    await once(server, 'close');
    if (isFree) return port;
  }
  throw new Error(`no free port on ${address}`);
}

async function isFreeForUdp(port: number, address: string): Promise<boolean> {
  const socket = createSocket('udp4');
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
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

/** Whether the machine knows an address for its own name, without which Asterisk waits for DNS at each call. */
export async function nameResolves(): Promise<boolean> {
  return lookup(hostname()).then(
    () => true,
    () => false,
  );
}
