import { openDgramUdp } from './dgram-udp.ts';
import { UdpError } from './errors.ts';
import { loadLibc } from './libc.ts';
import { openLibcUdp } from './libc-udp.ts';
import type { Udp } from './udp.ts';

export type UdpOptions = {
  /** Default: libc where it can be had, unless the environment has ROSTRUM_UDP=dgram. */
  readonly driver?: 'libc' | 'dgram';
  /** The event loop calls `poll` when packets come: for threads that have other things to do than to wait for them. */
  readonly eventLoop?: boolean;
};

/**
 * UDP for this thread: through libc on Linux where koffi loads, else through Node.js's dgram, which needs three times the CPU.
 *
 * @throws UdpError ENOTSUP when libc is asked for and cannot be had
 */
export async function openUdp({ driver, eventLoop = false }: UdpOptions = {}): Promise<Udp> {
  const wanted = driver ?? process.env['ROSTRUM_UDP'];
  if (wanted === 'dgram') return openDgramUdp(driver === undefined ? 'ROSTRUM_UDP=dgram' : null);
  const libc = await loadLibc();
  if (libc.type === 'loaded') return openLibcUdp(libc.libc, { eventLoop });
  if (wanted === 'libc') throw new UdpError('ENOTSUP', `no UDP through libc: ${libc.reason}`);
  return openDgramUdp(libc.reason);
}
