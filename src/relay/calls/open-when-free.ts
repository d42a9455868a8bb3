import { setTimeout as sleep } from 'node:timers/promises';
import { UdpError } from '../../udp/errors.ts';
import type { PacketHandler, Udp, UdpSocket, UdpSocketOptions } from '../../udp/udp.ts';

/** Opening a taken port is retried for so long, at this interval. */
const OPEN_WITHIN_MS = 1000;
const OPEN_AGAIN_MS = 20;

/** A relay or another call that is just ending may still have the port. Rejects with a `UdpError` if it stays taken. */
export async function openWhenFree(udp: Udp, options: UdpSocketOptions, onPacket: PacketHandler): Promise<UdpSocket> {
  for (const startedMs = performance.now(); ; await sleep(OPEN_AGAIN_MS)) {
    try {
      return await udp.open(options, onPacket);
    } catch (error) {
      const isTaken = error instanceof UdpError && error.code === 'EADDRINUSE';
      if (!isTaken || performance.now() - startedMs > OPEN_WITHIN_MS) throw error;
    }
  }
}
