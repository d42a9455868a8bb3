import { readFile } from 'node:fs/promises';
import type { Endpoint } from '../loopback.ts';

/** Tables of UDP sockets of Linux, see proc_net_udp(5). */
const TABLES = ['/proc/net/udp', '/proc/net/udp6'];
const LOCAL_COLUMN = 1;
const DROPS_COLUMN = 12;

/**
 * Datagrams that the kernel has dropped because the receiver's buffer was full, by the sockets that are bound to an
 * endpoint or to its port on every address. Null when there is no such socket.
 */
export function dropsOf(table: string, { address, port }: Endpoint): number | null {
  let drops: number | null = null;
  const hexAddress = address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .reverse()
    .join('');
  const hexPort = port.toString(16).padStart(4, '0');
  for (const line of table.toLowerCase().split('\n')) {
    const columns = line.trim().split(/\s+/);
    const [local, localPort] = (columns[LOCAL_COLUMN] ?? '').split(':');
    if (localPort !== hexPort || local === undefined) continue;
    // An IPv4 address mapped into IPv6 (RFC 4291, section 2.5.5.2) ends in it.
    if (!/^0+$/.test(local) && local !== hexAddress && local !== `0000000000000000ffff0000${hexAddress}`) continue;
    drops = (drops ?? 0) + Number(columns[DROPS_COLUMN] ?? 0);
  }
  return drops;
}

/** The same of this machine now; null also where there are no such tables. */
export async function kernelDrops(endpoint: Endpoint): Promise<number | null> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => '')));
  return dropsOf(tables.join('\n'), endpoint);
}
