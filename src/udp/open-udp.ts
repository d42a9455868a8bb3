import { isMainThread } from 'node:worker_threads';
import { openDgramUdp } from './dgram-udp.ts';
import { UdpError } from './errors.ts';
import { loadLibc } from './libc.ts';
import { openLibcUdp } from './libc-udp.ts';
import type { Udp } from './udp.ts';

/** A thread that is terminated while koffi is in its event loop takes the process with it (koffi 3.3.4). */
const NOT_IN_WORKERS = 'not in the event loop of a worker thread';

export type UdpOptions = {
  /** Default: libc where it can be had, unless the environment has ROSTRUM_UDP=dgram. */
  readonly driver?: 'libc' | 'dgram';
  /**
   * The event loop hands packets over, also where the driver is libc: for threads that have other things to do than to wait for
   * packets. In a worker thread the driver is dgram then.
   */
  readonly eventLoop?: boolean;
};

/** Whether sockets may go through libc: not where the environment has ROSTRUM_UDP=dgram. */
export function isLibcAllowed(): boolean {
  return process.env['ROSTRUM_UDP'] !== 'dgram';
}

/**
 * UDP for this thread: through libc on Linux where koffi loads, else through Node.js's dgram, which needs three times the CPU.
 *
 * @throws UdpError ENOTSUP when libc is asked for and cannot be had
 */
export async function openUdp({ driver, eventLoop = false }: UdpOptions = {}): Promise<Udp> {
  const wanted = driver ?? (isLibcAllowed() ? null : 'dgram');
  if (wanted === 'dgram') return openDgramUdp(driver === undefined ? 'ROSTRUM_UDP=dgram' : null);
  const libc = await loadLibc();
  const isAllowed = !eventLoop || isMainThread;
  if (libc.type === 'loaded' && isAllowed) return openLibcUdp(libc.libc, { eventLoop });
  const reason = libc.type === 'loaded' ? NOT_IN_WORKERS : libc.reason;
  if (wanted === 'libc') throw new UdpError('ENOTSUP', `no UDP through libc: ${reason}`);
  return openDgramUdp(reason);
}
