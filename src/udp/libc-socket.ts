import * as c from './constants.ts';
import type { Filter } from './filter.ts';
import { type Libc, type Memory, memory } from './libc.ts';
import { type BoundSocket, setFilter } from './libc-open.ts';
import { MOST_QUEUED_BYTES, type QueuedSender, type SendQueue } from './send-queue.ts';
import { hostOf, isSameHost, MAX_SOCKET_ADDRESS_BYTES, NO_ADDRESS, portOf } from './socket-address.ts';
import type { PacketHandler, UdpPeer, UdpSocket, UdpSource } from './udp.ts';

const SEND_FLAGS = c.MSG_DONTWAIT | c.MSG_NOSIGNAL;
/** More than UDP can carry. */
const MAX_PACKET_BYTES = 65_536;
/** Views are kept up to this length: packets of media are shorter. */
const MAX_VIEW_BYTES = 2048;

/** The receive buffer of all sockets of a thread, for one packet at a time. */
export class ReceiveBuffer {
  readonly packet: Memory;
  readonly from: Memory;
  readonly fromBytes: Memory;
  /** Views of the packet by its length, since a new one for each packet would be garbage. */
  readonly #views: Buffer[] = [];

  constructor(libc: Libc) {
    this.packet = memory(libc, MAX_PACKET_BYTES);
    this.from = memory(libc, MAX_SOCKET_ADDRESS_BYTES);
    this.fromBytes = memory(libc, Uint32Array.BYTES_PER_ELEMENT);
  }

  /** HOT PATH. */
  viewOf(bytes: number): Buffer {
    return this.#views[bytes] ?? this.#newView(bytes);
  }

  #newView(bytes: number): Buffer {
    const view = Buffer.from(this.packet.bytes.buffer as ArrayBuffer, 0, bytes);
    if (bytes <= MAX_VIEW_BYTES) this.#views[bytes] = view;
    return view;
  }
}

export type LibcPeer = UdpPeer & { readonly memory: Memory };

/** The source of the packet that is being handed over. Those of one socket mostly come from the same host. */
class Source implements UdpSource {
  port = 0;
  readonly #from: DataView;
  readonly #known = new DataView(new ArrayBuffer(MAX_SOCKET_ADDRESS_BYTES));
  #text = '';

  /** @param from where the kernel writes the source of each packet */
  constructor(from: DataView) {
    this.#from = from;
  }

  /** HOT PATH. */
  next(): void {
    this.port = portOf(this.#from);
  }

  get host(): string {
    if (!isSameHost(this.#from, this.#known)) {
      new Uint8Array(this.#known.buffer).set(new Uint8Array(this.#from.buffer));
      this.#text = hostOf(this.#known);
    }
    return this.#text;
  }
}

type LibcSocketDeps = {
  readonly libc: Libc;
  readonly buffer: ReceiveBuffer;
  /** Null where each packet has to be sent by itself. */
  readonly queue: SendQueue | null;
  readonly onPacket: PacketHandler;
  /** Called once, before the descriptor is closed. */
  readonly onClose: () => void;
  readonly onDeferred: (deferred: boolean) => void;
};

/** A socket of libc. The owner of the epoll calls `receive` when it is readable. */
export class LibcSocket implements UdpSocket, QueuedSender {
  readonly host: string;
  readonly port: number;
  readonly descriptor: number;
  refused = 0;
  failed = 0;
  readonly #libc: Libc;
  readonly #deps: LibcSocketDeps;
  readonly #source: Source;
  #closed = false;

  /** @param bound a descriptor that this socket closes */
  constructor({ fd, host, port }: BoundSocket, deps: LibcSocketDeps) {
    this.host = host;
    this.port = port;
    this.descriptor = fd;
    this.#libc = deps.libc;
    this.#deps = deps;
    this.#source = new Source(deps.buffer.from.view);
  }

  send(packet: Uint8Array, bytes: number): boolean {
    if (this.#closed) return false;
    checkLength(packet, bytes);
    if (this.#libc.send(this.descriptor, packet, bytes, SEND_FLAGS) === bytes) return true;
    if (this.#wasRefused() && this.#libc.send(this.descriptor, packet, bytes, SEND_FLAGS) === bytes) return true;
    this.failed += 1;
    return false;
  }

  queue(packet: Uint8Array, bytes: number): void {
    const { queue } = this.#deps;
    if (queue === null || bytes > MOST_QUEUED_BYTES || this.#closed) return void this.send(packet, bytes);
    checkLength(packet, bytes);
    queue.add(this, packet.length === bytes ? packet : packet.subarray(0, bytes));
  }

  notSent(packet: Uint8Array, errno: number | null): void {
    if (errno === c.ECONNREFUSED) this.refused += 1;
    if (errno === null || errno === c.ECONNREFUSED) this.send(packet, packet.length);
    else this.failed += 1;
  }

  sendTo(packet: Uint8Array, bytes: number, to: UdpPeer): boolean {
    if (this.#closed) return false;
    checkLength(packet, bytes);
    const { address, bytes: name } = (to as LibcPeer).memory;
    if (this.#libc.sendto(this.descriptor, packet, bytes, SEND_FLAGS, address, name.length) === bytes) return true;
    const again = this.#wasRefused();
    if (again && this.#libc.sendto(this.descriptor, packet, bytes, SEND_FLAGS, address, name.length) === bytes)
      return true;
    this.failed += 1;
    return false;
  }

  connect(to: UdpPeer | null): boolean {
    if (this.#closed) return false;
    this.#deps.queue?.flush();
    // Port 0 does not exist: the packet was forged.
    const peer = to?.port === 0 ? null : (to as LibcPeer | null);
    if (peer && this.#libc.connect(this.descriptor, peer.memory.bytes, peer.memory.bytes.length) === 0) return true;
    this.#libc.connect(this.descriptor, NO_ADDRESS, NO_ADDRESS.length);
    return to === null;
  }

  setFilter(filter: Filter | null): void {
    if (!this.#closed) setFilter(this.#libc, this.descriptor, filter);
  }

  setDeferred(deferred: boolean): void {
    if (!this.#closed) this.#deps.onDeferred(deferred);
  }

  /**
   * HOT PATH. Hands over waiting packets.
   *
   * @param most how many packets to read
   * @returns how many were handed over
   */
  receive(most: number): number {
    const { buffer, onPacket } = this.#deps;
    const { packet, from, fromBytes } = buffer;
    let handedOver = 0;
    for (let left = most; left > 0 && !this.#closed; left--) {
      fromBytes.view.setUint32(0, MAX_SOCKET_ADDRESS_BYTES, true);
      const { address } = packet;
      const bytes = this.#libc.recvfrom(
        this.descriptor,
        address,
        MAX_PACKET_BYTES,
        c.MSG_DONTWAIT,
        from.address,
        fromBytes.address,
      );
      if (bytes >= 0) {
        this.#source.next();
        onPacket(buffer.viewOf(bytes), this.#source);
        handedOver += 1;
      } else if (!this.#wasRefused()) break;
    }
    return handedOver;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deps.onClose();
    this.#libc.close(this.descriptor);
  }

  /** Whether the last call failed only because an earlier packet was refused, so that it can be retried. */
  #wasRefused(): boolean {
    if (this.#libc.errno() !== c.ECONNREFUSED) return false;
    this.refused += 1;
    return true;
  }
}

/** libc would read beyond the end of the array. */
function checkLength(packet: Uint8Array, bytes: number): void {
  if (bytes > packet.length) throw new RangeError(`${bytes} bytes of a packet of ${packet.length}`);
}
