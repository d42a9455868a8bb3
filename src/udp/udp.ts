import type { Filter } from './filter.ts';

/** An address to send to, prepared once. It is only of use to the `Udp` that made it. */
export type UdpPeer = {
  readonly host: string;
  readonly port: number;
};

/** Where a packet came from. The object is used again for the next packet. */
export type UdpSource = {
  readonly port: number;
  /** The same string again as long as the address stays the same. */
  readonly host: string;
};

/** Both are valid until it returns. It may send, open, connect and close sockets. */
export type PacketHandler = (packet: Buffer, from: UdpSource) => void;

export interface UdpSocket {
  readonly host: string;
  readonly port: number;
  /** For `sendDescriptors`; null where the driver does not know it. */
  readonly descriptor: number | null;
  /**
   * HOT PATH. Sends to the connected peer. The bytes may be changed as soon as it returns.
   *
   * @returns whether the kernel took the packet; dgram tells most failures only by `failed`
   * @throws RangeError when the packet has fewer bytes
   */
  send(packet: Uint8Array, bytes: number): boolean;
  /** HOT PATH. The same to any peer. */
  sendTo(packet: Uint8Array, bytes: number, to: UdpPeer): boolean;
  /**
   * The kernel delivers only what this peer sends, and reports ICMP errors; null undoes it.
   *
   * @returns false, and is not connected, when there is no way to that peer
   */
  connect(to: UdpPeer | null): boolean;
  /**
   * Decides in the kernel what is delivered; null lets everything through again. Packets that are waiting already are not
   * asked again. Without effect where the driver has no filters.
   */
  setFilter(filter: Filter | null): void;
  /**
   * Whether packets may wait up to 20 ms in the kernel before they are handed over, so that not each of them wakes the thread.
   * Without effect where the event loop hands packets over.
   */
  setDeferred(deferred: boolean): void;
  /** Sends that the connected peer refused (ICMP port unreachable), since the socket was opened. */
  readonly refused: number;
  /** Sends that the kernel did not take, since the socket was opened. */
  readonly failed: number;
  /** Idempotent. No packet is handed over afterwards. */
  close(): void;
}

export type UdpSocketOptions = {
  /** An IPv4 address of this machine, or 0.0.0.0. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The kernel gives at most `net.core.rmem_max` and `wmem_max`. */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
  /** Mark of the packets for routers (RFC 2474); 46 is expedited forwarding. dgram cannot mark. */
  readonly dscp?: number;
  readonly multicast?: MulticastOptions;
  /** Of a socket that is bound to `host` and `port` already, as another process has left it: nothing else is set. */
  readonly descriptor?: number;
};

export type MulticastOptions =
  /** Packets to groups leave there, and come back to members on this machine too. */
  | { readonly role: 'sender'; readonly interfaceAddress: string; readonly ttl: number }
  /** `host` is the group. Other sockets may have the port too. */
  | { readonly role: 'member'; readonly interfaceAddress: string };

/**
 * The UDP sockets of one thread. They are closed when the thread ends or fails, but those of libc not when another thread
 * terminates it.
 */
export interface Udp {
  readonly driver: 'libc' | 'dgram';
  /** Why the driver is dgram where nobody asked for it; null otherwise. */
  readonly fallbackReason: string | null;
  /** @throws UdpError EINVAL for what is no IPv4 address or no port */
  peer(host: string, port: number): UdpPeer;
  /** Rejects with UdpError. */
  open(options: UdpSocketOptions, onPacket: PacketHandler): Promise<UdpSocket>;
  /**
   * Waits up to this long, rounded up to whole milliseconds, for packets or a ring of the waker. Hands over what has come, at
   * most some packets of each socket, so that none starves the others. With dgram it returns at once: there the event loop
   * hands packets over.
   *
   * @returns how many packets were handed over
   */
  poll(waitMs: number): number;
  /** For `ringWaker`, by which another thread ends a `poll`; null where `poll` does not wait. */
  readonly waker: number | null;
  /** Closes all sockets. Idempotent. */
  close(): void;
}
