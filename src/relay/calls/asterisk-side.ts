import { nothing } from '../../udp/filter.ts';
import type { PacketHandler, Udp, UdpSocket } from '../../udp/udp.ts';

/** Asterisk is on this host. */
const HOSTS = { ipv4: '127.0.0.1', ipv6: '::1' };
/** One socket receives all packets that Asterisk sends for the calls of a thread. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
const OPEN_TRIES = 20;

/**
 * The sockets of a thread towards Asterisk. Asterisk sends the RTP of a call to the address that it received the call's
 * RTP from, and its RTCP to the port above, where it is dropped.
 */
type AsteriskSide = { readonly rtp: UdpSocket; readonly rtcp: UdpSocket };
/** Null where this host has no IPv6. */
export type AsteriskSides = { readonly ipv4: AsteriskSide; readonly ipv6: AsteriskSide | null };

/**
 * @param descriptors `descriptorsOf` the sockets that another process has handed over, if any
 * @throws UdpError if no pair of ports is free
 */
export async function openAsteriskSides(
  udp: Udp,
  onPacket: PacketHandler,
  descriptors: readonly number[] = [],
): Promise<AsteriskSides> {
  const ipv4 = await open(udp, HOSTS.ipv4, onPacket, descriptors.slice(0, 2));
  const ipv6 = await open(udp, HOSTS.ipv6, onPacket, descriptors.slice(2)).catch(() => null);
  return { ipv4, ipv6 };
}

/** The sockets to hand over to another process. */
export function descriptorsOf({ ipv4, ipv6 }: AsteriskSides): number[] {
  const sockets = [ipv4, ipv6].flatMap((side) => (side ? [side.rtp, side.rtcp] : []));
  return sockets.map(({ descriptor }) => descriptor).filter((descriptor) => descriptor !== null);
}

async function open(
  udp: Udp,
  host: string,
  onPacket: PacketHandler,
  [rtpDescriptor, rtcpDescriptor]: readonly number[],
): Promise<AsteriskSide> {
  for (let tries = 1; ; tries++) {
    const options = { host, receiveBufferBytes: RECEIVE_BUFFER_BYTES };
    const rtp = await udp.open({ ...options, port: 0, descriptor: rtpDescriptor }, onPacket);
    try {
      const rtcp = await udp.open({ host, port: rtp.port + 1, descriptor: rtcpDescriptor }, () => {});
      rtcp.setFilter(nothing());
      return { rtp, rtcp };
    } catch (error) {
      rtp.close();
      if (tries >= OPEN_TRIES) throw error;
    }
  }
}
