import * as c from './constants.ts';
import { type Libc, lastError, type Memory, memory } from './libc.ts';
import { openSocket } from './libc-open.ts';
import { type LibcPeer, LibcSocket, ReceiveBuffer } from './libc-socket.ts';
import { SendQueue } from './send-queue.ts';
import { encodeSocketAddressInto, socketAddressBytes } from './socket-address.ts';
import type { PacketHandler, Udp, UdpSocket, UdpSocketOptions } from './udp.ts';

/** One `poll` reads at most this many packets of a socket, so that a flooded port does not starve the others. */
const MAX_PACKETS_OF_SOCKET = 32;
/** One round reads at most this many sockets. The next one begins with the others. */
const MAX_READY = 1024;
const MAX_WAIT_MS = 60_000;

/**
 * `struct epoll_event`: events (4), data (8). Only x64 packs it; elsewhere the data is aligned. The data is the
 * descriptor.
 */
const EVENT_DATA = process.arch === 'x64' ? 4 : 8;
const EVENT_BYTES = EVENT_DATA + 8;

/** Packets of deferred sockets are handed over this often. */
const DEFERRED_MS = 20;

export type LibcUdpOptions = {
  /** See `UdpOptions`. */
  readonly eventLoop: boolean;
  readonly onQueueRefused?: ((reason: string) => void) | undefined;
};

/** @throws UdpError EMFILE */
export function openLibcUdp(libc: Libc, options: LibcUdpOptions): Udp {
  const made: number[] = [];
  const checked = (descriptor: number, what: string) => {
    if (descriptor >= 0) return made[made.push(descriptor) - 1] as number;
    const error = lastError(libc, `${what} cannot be made`);
    for (const each of made) libc.close(each);
    throw error;
  };
  const epoll = checked(libc.epoll_create1(c.EPOLL_CLOEXEC), 'an epoll');
  const deferredEpoll = checked(libc.epoll_create1(c.EPOLL_CLOEXEC), 'an epoll');
  const waker = checked(libc.eventfd(0, c.EFD_CLOEXEC | c.EFD_NONBLOCK), 'an eventfd');
  return new LibcUdp(libc, { epoll, deferredEpoll, waker }, options);
}

type Descriptors = { readonly epoll: number; readonly deferredEpoll: number; readonly waker: number };

/**
 * UDP through libc: an epoll has the sockets of the thread, and an eventfd as the waker. A second epoll, which never
 * waits, has the deferred sockets.
 */
class LibcUdp implements Udp {
  readonly driver = 'libc';
  readonly fallbackReason = null;
  readonly waker: number;
  readonly #libc: Libc;
  readonly #epoll: number;
  readonly #deferredEpoll: number;
  readonly #buffer: ReceiveBuffer;
  readonly #events: Memory;
  readonly #wakerCount: Uint8Array;
  /** By descriptor. Bounded by the descriptors that the process may have. */
  readonly #sockets = new Map<number, LibcSocket>();
  /** The descriptors of the deferred sockets. */
  readonly #deferred = new Set<number>();
  #deferredReadAtMs = 0;
  readonly #queue: SendQueue | null;
  readonly #eventLoop: boolean;
  /** Set while the event loop polls. */
  #stopEventLoop: (() => void) | null = null;
  #polling = false;
  #closed = false;

  constructor(libc: Libc, { epoll, deferredEpoll, waker }: Descriptors, options: LibcUdpOptions) {
    this.#libc = libc;
    this.#epoll = epoll;
    this.#deferredEpoll = deferredEpoll;
    this.waker = waker;
    this.#buffer = new ReceiveBuffer(libc);
    this.#events = memory(libc, MAX_READY * EVENT_BYTES);
    this.#wakerCount = memory(libc, 8).bytes;
    this.#watch(waker, epoll);
    this.#eventLoop = options.eventLoop;
    // The event loop would send the queue only when packets come.
    this.#queue = options.eventLoop ? null : new SendQueue(libc, options.onQueueRefused ?? (() => {}));
    // The descriptors of a thread would outlive it, unlike those that Node.js made.
    process.once('exit', this.#exit);
  }

  peer(host: string, port: number): LibcPeer {
    const address = memory(this.#libc, socketAddressBytes(host));
    encodeSocketAddressInto(address.view, host, port);
    return { host, port, memory: address };
  }

  async open(options: UdpSocketOptions, onPacket: PacketHandler): Promise<UdpSocket> {
    const bound = openSocket(this.#libc, options);
    const { fd } = bound;
    const socket = new LibcSocket(bound, {
      libc: this.#libc,
      buffer: this.#buffer,
      queue: this.#queue,
      onPacket,
      onClose: () => this.#forget(fd),
      onDeferred: (deferred) => this.#setDeferred(fd, deferred),
    });
    try {
      this.#watch(fd, this.#epoll);
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#sockets.set(fd, socket);
    this.#setEventLoop();
    return socket;
  }

  flush(): void {
    this.#queue?.flush();
  }

  /**
   * Most sockets have one packet at a time, so the first round takes just one from each. It costs less to ask epoll
   * which ones have more than to read each until it is empty.
   */
  poll(waitMs: number): number {
    // A handler that polls would overwrite its own packet.
    if (this.#polling || this.#closed) return 0;
    this.#polling = true;
    try {
      this.flush();
      const longestMs = this.#deferred.size > 0 ? DEFERRED_MS : MAX_WAIT_MS;
      const packets = this.#read(this.#epoll, waitMs > 0 ? Math.min(Math.ceil(waitMs), longestMs) : 0);
      return packets + this.#readDeferred();
    } finally {
      this.#polling = false;
    }
  }

  close(): void {
    if (this.#closed) return;
    for (const socket of this.#sockets.values()) socket.close();
    this.#queue?.close();
    this.#closed = true;
    for (const fd of [this.waker, this.#epoll, this.#deferredEpoll]) this.#libc.close(fd);
    process.off('exit', this.#exit);
  }

  /** HOT PATH. */
  #readDeferred(): number {
    if (this.#deferred.size === 0) return 0;
    const nowMs = performance.now();
    if (nowMs - this.#deferredReadAtMs < DEFERRED_MS) return 0;
    this.#deferredReadAtMs = nowMs;
    return this.#read(this.#deferredEpoll, 0);
  }

  /** HOT PATH. */
  #read(epoll: number, waitMs: number): number {
    const firsts = this.#round(epoll, waitMs, 1);
    return firsts === 0 ? 0 : firsts + this.#round(epoll, 0, MAX_PACKETS_OF_SOCKET - 1);
  }

  /** HOT PATH. Reads at most so many packets from each readable socket. */
  #round(epoll: number, waitMs: number, most: number): number {
    // The count is negative when a signal interrupts the call.
    const ready = this.#libc.epoll_wait(epoll, this.#events.bytes, MAX_READY, waitMs);
    let packets = 0;
    for (let index = 0; index < ready; index++) {
      const fd = this.#events.view.getInt32(index * EVENT_BYTES + EVENT_DATA, true);
      if (fd === this.waker) this.#libc.read(this.waker, this.#wakerCount, this.#wakerCount.length);
      else packets += this.#sockets.get(fd)?.receive(most) ?? 0;
    }
    return packets;
  }

  #watch(fd: number, epoll: number): void {
    const event = memory(this.#libc, EVENT_BYTES);
    event.view.setUint32(0, c.EPOLLIN, true);
    event.view.setInt32(EVENT_DATA, fd, true);
    if (this.#libc.epoll_ctl(epoll, c.EPOLL_CTL_ADD, fd, event.bytes) === 0) return;
    throw lastError(this.#libc, 'a socket cannot be watched');
  }

  #forget(fd: number): void {
    this.flush();
    this.#sockets.delete(fd);
    this.#setEventLoop();
    // A child process that is being started may have the descriptor too, and the kernel would keep reporting it.
    this.#unwatch(fd);
    this.#deferred.delete(fd);
  }

  #setDeferred(fd: number, deferred: boolean): void {
    if (this.#eventLoop || deferred === this.#deferred.has(fd)) return;
    this.#unwatch(fd);
    if (deferred) this.#deferred.add(fd);
    else this.#deferred.delete(fd);
    this.#watch(fd, this.#epollOf(fd));
  }

  #unwatch(fd: number): void {
    this.#libc.epoll_ctl(this.#epollOf(fd), c.EPOLL_CTL_DEL, fd, this.#events.bytes);
  }

  #epollOf(fd: number): number {
    return this.#deferred.has(fd) ? this.#deferredEpoll : this.#epoll;
  }

  /** Open sockets keep the process alive, like those of Node.js. */
  #setEventLoop(): void {
    if (!this.#eventLoop) return;
    if (this.#sockets.size > 0) {
      this.#stopEventLoop ??= this.#libc.whenReadable(this.#epoll, this.#pollInEventLoop);
      return;
    }
    this.#stopEventLoop?.();
    this.#stopEventLoop = null;
  }

  readonly #pollInEventLoop = (): void => {
    try {
      this.poll(0);
    } catch (error) {
      // A handler has failed. Throwing here would end the process without a message.
      setImmediate(() => {
        throw error;
      });
    }
  };

  readonly #exit = (): void => this.close();
}
