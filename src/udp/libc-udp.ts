import * as c from './constants.ts';
import type { Libc } from './libc.ts';
import { openSocket } from './libc-open.ts';
import { type LibcPeer, LibcSocket, libcPeer, ReceiveBuffer } from './libc-socket.ts';
import { type Memory, memory } from './memory.ts';
import { lastError } from './socket-options.ts';
import type { PacketHandler, Udp, UdpSocket, UdpSocketOptions } from './udp.ts';

/** Packets of one socket in one `poll`, so that a flooded port does not starve the others. */
const MAX_PACKETS_OF_SOCKET = 32;
/** Sockets that are read in one round. The next one begins with the others. */
const MAX_READY = 1024;
const MAX_WAIT_MS = 60_000;

/**
 * `struct epoll_event`: events (4), data (8). Only x64 packs it; elsewhere the data is aligned. The data is the descriptor.
 */
const EVENT_DATA = process.arch === 'x64' ? 4 : 8;
const EVENT_BYTES = EVENT_DATA + 8;

/** @throws UdpError EMFILE */
export function openLibcUdp(libc: Libc, options: { readonly eventLoop: boolean }): Udp {
  const epoll = libc.epoll_create1(c.EPOLL_CLOEXEC);
  if (epoll < 0) throw lastError(libc, 'an epoll cannot be made');
  const waker = libc.eventfd(0, c.EFD_CLOEXEC | c.EFD_NONBLOCK);
  if (waker < 0) {
    libc.close(epoll);
    throw lastError(libc, 'an eventfd cannot be made');
  }
  return new LibcUdp(libc, { epoll, waker, ...options });
}

/** UDP through libc: an epoll has all sockets of the thread, and an eventfd as the waker. */
class LibcUdp implements Udp {
  readonly driver = 'libc';
  readonly fallbackReason = null;
  readonly waker: number;
  readonly #libc: Libc;
  readonly #epoll: number;
  readonly #buffer: ReceiveBuffer;
  readonly #events: Memory;
  readonly #wakerCount: Uint8Array;
  /** By descriptor. Bounded by those that the process may have. */
  readonly #sockets = new Map<number, LibcSocket>();
  readonly #eventLoop: boolean;
  /** Set while the event loop polls. */
  #stopEventLoop: (() => void) | null = null;
  #polling = false;
  #closed = false;

  constructor(libc: Libc, options: { readonly epoll: number; readonly waker: number; readonly eventLoop: boolean }) {
    this.#libc = libc;
    this.#epoll = options.epoll;
    this.waker = options.waker;
    this.#buffer = new ReceiveBuffer(libc);
    this.#events = memory(libc, MAX_READY * EVENT_BYTES);
    this.#wakerCount = memory(libc, 8).bytes;
    this.#watch(this.waker);
    this.#eventLoop = options.eventLoop;
    // The descriptors of a thread would outlive it, unlike those that Node.js made.
    process.once('exit', this.#exit);
  }

  peer(host: string, port: number): LibcPeer {
    return libcPeer(this.#libc, host, port);
  }

  async open(options: UdpSocketOptions, onPacket: PacketHandler): Promise<UdpSocket> {
    const bound = openSocket(this.#libc, options);
    const deps = { libc: this.#libc, buffer: this.#buffer, onPacket, onClose: () => this.#forget(bound.fd) };
    const socket = new LibcSocket(bound, deps);
    try {
      this.#watch(bound.fd);
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#sockets.set(bound.fd, socket);
    this.#setEventLoop();
    return socket;
  }

  /**
   * Most sockets have one packet at a time, so the first round takes just one from each. It costs less to let epoll tell which
   * ones have more than to read each until it is empty.
   */
  poll(waitMs: number): number {
    // A handler that polls would overwrite the packet that it has.
    if (this.#polling || this.#closed) return 0;
    this.#polling = true;
    try {
      const firsts = this.#round(waitMs > 0 ? Math.min(Math.ceil(waitMs), MAX_WAIT_MS) : 0, 1);
      return firsts === 0 ? 0 : firsts + this.#round(0, MAX_PACKETS_OF_SOCKET - 1);
    } finally {
      this.#polling = false;
    }
  }

  close(): void {
    if (this.#closed) return;
    for (const socket of this.#sockets.values()) socket.close();
    this.#closed = true;
    this.#libc.close(this.waker);
    this.#libc.close(this.#epoll);
    process.off('exit', this.#exit);
  }

  /** HOT PATH. Reads at most so many packets from each socket that has some. */
  #round(waitMs: number, most: number): number {
    // Less than 0 when a signal interrupts it.
    const ready = this.#libc.epoll_wait(this.#epoll, this.#events.bytes, MAX_READY, waitMs);
    let packets = 0;
    for (let index = 0; index < ready; index++) {
      const fd = this.#events.view.getInt32(index * EVENT_BYTES + EVENT_DATA, true);
      if (fd === this.waker) this.#libc.read(this.waker, this.#wakerCount, this.#wakerCount.length);
      else packets += this.#sockets.get(fd)?.receive(most) ?? 0;
    }
    return packets;
  }

  #watch(fd: number): void {
    const event = memory(this.#libc, EVENT_BYTES);
    event.view.setUint32(0, c.EPOLLIN, true);
    event.view.setInt32(EVENT_DATA, fd, true);
    if (this.#libc.epoll_ctl(this.#epoll, c.EPOLL_CTL_ADD, fd, event.bytes) === 0) return;
    throw lastError(this.#libc, 'a socket cannot be watched');
  }

  #forget(fd: number): void {
    this.#sockets.delete(fd);
    this.#setEventLoop();
    // A child process that is being started may have the descriptor too, and the kernel would go on telling of it.
    this.#libc.epoll_ctl(this.#epoll, c.EPOLL_CTL_DEL, fd, this.#events.bytes);
  }

  /** Like the sockets of Node.js, ours keep the process alive, and without any it may end. */
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
      // Of a handler. Thrown here it would end the process without a word.
      setImmediate(() => {
        throw error;
      });
    }
  };

  readonly #exit = (): void => this.close();
}
