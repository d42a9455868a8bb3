import { writeSync } from 'node:fs';
import type { Filter } from './filter.ts';

/** An address to send to, prepared once. It is valid only for the `Udp` that made it. */
export type UdpPeer = { readonly host: string; readonly port: number };

/** The source of a packet. The object is reused for the next packet. */
export type UdpSource = {
  readonly port: number;
  /** The same string object as long as the address stays the same. */
  readonly host: string;
};

/** Both arguments are valid until it returns. It may send, open, connect and close sockets. */
export type PacketHandler = (packet: Buffer, from: UdpSource) => void;

export interface UdpSocket {
  readonly host: string;
  readonly port: number;
  /** The descriptor for `sendDescriptors`; null where the driver does not know it. */
  readonly descriptor: number | null;
  /**
   * HOT PATH. Sends to the connected peer. The bytes may be changed as soon as it returns.
   *
   * @returns whether the kernel accepted the packet; dgram reports most failures only by `failed`
   * @throws RangeError when the packet has fewer bytes
   */
  send(packet: Uint8Array, bytes: number): boolean;
  /**
   * HOT PATH. Like `send`, but the packet may wait for those of other sockets, until the next `poll` or `flush`: together
   * they cost less. One that is sent meanwhile may overtake it.
   */
  queue(packet: Uint8Array, bytes: number): void;
  /** HOT PATH. Sends to any peer. */
  sendTo(packet: Uint8Array, bytes: number, to: UdpPeer): boolean;
  /**
   * The kernel delivers only what this peer sends, and reports ICMP errors; null undoes it.
   *
   * @returns false, and is not connected, when there is no way to that peer
   */
  connect(to: UdpPeer | null): boolean;
  /**
   * Decides in the kernel what is delivered; null lets everything through again. Packets that wait already are not
   * filtered. This has no effect where the driver has no filters.
   */
  setFilter(filter: Filter | null): void;
  /**
   * Whether packets may wait up to 20 ms in the kernel before they are handed over, so that not each of them wakes the
   * thread. This has no effect where the event loop hands packets over.
   */
  setDeferred(deferred: boolean): void;
  /** Sends that the connected peer refused (ICMP port unreachable), since the socket was opened. */
  readonly refused: number;
  /** Sends that failed, since the socket was opened. */
  readonly failed: number;
  /** Idempotent. No packet is handed over afterwards. */
  close(): void;
}

export type UdpSocketOptions = {
  /** An IP address of this machine, or 0.0.0.0 or ::, which does not include those of IPv4. */
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** The kernel gives at most `net.core.rmem_max` and `wmem_max`. */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
  /** The mark of packets for routers (RFC 2474); 46 is expedited forwarding. dgram cannot mark. */
  readonly dscp?: number;
  readonly multicast?: MulticastOptions;
  /** The descriptor of a socket that another process has bound to `host` and `port`: nothing else is set. */
  readonly descriptor?: number;
};

export type MulticastOptions =
  /** Packets to groups leave by this interface, and are looped back to members on this machine. */
  | { readonly role: 'sender'; readonly interfaceAddress: string; readonly ttl: number }
  /** `host` is the group. Other sockets may have the port too. */
  | { readonly role: 'member'; readonly interfaceAddress: string };

/**
 * The UDP sockets of one thread. They are closed when the thread ends or fails. Sockets of libc stay open when another
 * thread terminates it.
 */
export interface Udp {
  readonly driver: 'libc' | 'dgram';
  /** The reason why the driver fell back to dgram; null otherwise. */
  readonly fallbackReason: string | null;
  /** @throws UdpError EINVAL for an invalid IP address or port */
  peer(host: string, port: number): UdpPeer;
  /** Rejects with UdpError. */
  open(options: UdpSocketOptions, onPacket: PacketHandler): Promise<UdpSocket>;
  /** HOT PATH. Sends the packets that are queued. */
  flush(): void;
  /**
   * Sends what is queued. Waits up to this long, rounded up to whole milliseconds, for packets or a ring of the waker.
   * Hands over waiting packets, at most a few of each socket, so that none starves the others. With dgram it returns at
   * once, since the event loop hands packets over.
   *
   * @returns how many packets were handed over
   */
  poll(waitMs: number): number;
  /** The waker for `ringWaker`, by which another thread ends a `poll`; null where `poll` does not wait. */
  readonly waker: number | null;
  /** Closes all sockets. Idempotent. */
  close(): void;
}

/** The number 1 for the count of an eventfd, in native byte order: all supported machines are little-endian. */
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Ends the present or next `poll` of the `Udp` with this waker; any thread of the process may call it. The `Udp` must
 * still be open: its descriptor may belong to another file afterwards.
 */
export function ringWaker(waker: number): void {
  writeSync(waker, ONE);
}
