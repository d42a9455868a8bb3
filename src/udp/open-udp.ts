import { isMainThread } from 'node:worker_threads';
import { DgramUdp } from './dgram-udp.ts';
import { UdpError } from './errors.ts';
import { loadLibc } from './libc.ts';
import { openLibcUdp } from './libc-udp.ts';
import type { Udp } from './udp.ts';

/** Terminating a thread while koffi is in its event loop ends the process (koffi 3.3.4). */
const NOT_IN_WORKERS = 'not in the event loop of a worker thread';

export type UdpOptions = {
  /** The default is libc where it is available, unless the environment has ROSTRUM_UDP=dgram. */
  readonly driver?: 'libc' | 'dgram';
  /**
   * Whether the event loop hands packets over even with libc, for threads that do more than wait for packets. In a
   * worker thread the driver is dgram then.
   */
  readonly eventLoop?: boolean;
  /** Called each time that libc cannot queue packets, so that each is sent by itself for a minute. */
  readonly onQueueRefused?: (reason: string) => void;
};

/** Whether sockets may use libc: ROSTRUM_UDP=dgram in the environment forbids it. */
export function isLibcAllowed(): boolean {
  return process.env['ROSTRUM_UDP'] !== 'dgram';
}

/**
 * UDP for this thread: through libc on Linux where koffi loads, else through Node.js's dgram, which needs three times
 * the CPU.
 *
 * @throws UdpError ENOTSUP when libc is asked for and not available
 */
export async function openUdp({ driver, eventLoop = false, onQueueRefused }: UdpOptions = {}): Promise<Udp> {
  const wanted = driver ?? (isLibcAllowed() ? null : 'dgram');
  if (wanted === 'dgram') return new DgramUdp(driver === undefined ? 'ROSTRUM_UDP=dgram' : null);
  const libc = await loadLibc();
  const isAllowed = !eventLoop || isMainThread;
  if (libc.type === 'loaded' && isAllowed) return openLibcUdp(libc.libc, { eventLoop, onQueueRefused });
  const reason = libc.type === 'loaded' ? NOT_IN_WORKERS : libc.reason;
  if (wanted === 'libc') throw new UdpError('ENOTSUP', `no UDP through libc: ${reason}`);
  return new DgramUdp(reason);
}
