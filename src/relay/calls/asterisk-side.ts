import { nothing } from '../../udp/filter.ts';
import type { PacketHandler, Udp, UdpSocket } from '../../udp/udp.ts';

/** Asterisk is on this host. */
const HOST = '127.0.0.1';
/** One socket receives all packets that Asterisk sends for the calls of a thread. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
const OPEN_TRIES = 20;

/**
 * The sockets of a thread towards Asterisk. Asterisk sends the RTP of a call to the address that it received the call's
 * RTP from, and its RTCP to the port above, where it is dropped.
 */
export type AsteriskSide = { readonly rtp: UdpSocket; readonly rtcp: UdpSocket };

/**
 * @param descriptors of the sockets that another process has handed over, if any
 * @throws UdpError if no pair of ports is free
 */
export async function openAsteriskSide(
  udp: Udp,
  onPacket: PacketHandler,
  descriptors: readonly number[] = [],
): Promise<AsteriskSide> {
  const [rtpDescriptor, rtcpDescriptor] = descriptors;
  for (let tries = 1; ; tries++) {
    const options = { host: HOST, receiveBufferBytes: RECEIVE_BUFFER_BYTES };
    const rtp = await udp.open({ ...options, port: 0, descriptor: rtpDescriptor }, onPacket);
    try {
      const rtcp = await udp.open({ host: HOST, port: rtp.port + 1, descriptor: rtcpDescriptor }, () => {});
      rtcp.setFilter(nothing());
      return { rtp, rtcp };
    } catch (error) {
      rtp.close();
      if (tries >= OPEN_TRIES) throw error;
    }
  }
}
