import { getSystemErrorName } from 'node:util';
import * as c from './constants.ts';
import { UdpError } from './errors.ts';

/**
 * The functions of libc that sockets need, called through koffi. All calls are synchronous; each costs 0.2 us
 * more than the kernel needs. Bytes are passed as arrays, or by their address where it never changes.
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, bytes: number): number;
  connect(fd: number, address: Uint8Array, bytes: number): number;
  send(fd: number, packet: Uint8Array, bytes: number, flags: number): number;
  sendto(fd: number, packet: Uint8Array, bytes: number, flags: number, to: number, toBytes: number): number;
  recvfrom(fd: number, packet: number, bytes: number, flags: number, from: number, fromBytes: number): number;
  /** `message` is the address of a `struct msghdr`. */
  sendmsg(fd: number, message: number, flags: number): number;
  recvmsg(fd: number, message: number, flags: number): number;
  getsockname(fd: number, address: Uint8Array, bytes: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, bytes: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epoll_wait(epoll: number, events: Uint8Array, most: number, waitMs: number): number;
  eventfd(count: number, flags: number): number;
  read(fd: number, into: Uint8Array, bytes: number): number;
  /** `params` is a `struct io_uring_params`. */
  io_uring_setup(entries: number, params: Uint8Array): number;
  io_uring_enter(ring: number, submit: number, complete: number, flags: number): number;
  /** Memory of the kernel that belongs to a descriptor. @throws UdpError */
  map(fd: number, offset: number, bytes: number): MappedMemory;
  close(fd: number): number;
  /** The error number of the last call that failed on this thread. */
  errno(): number;
  address(memory: Uint8Array): bigint;
  /** Calls back from the event loop while the descriptor is readable. @returns a function that stops it */
  whenReadable(fd: number, callback: () => void): () => void;
}

export type LibcLoad =
  | { readonly type: 'loaded'; readonly libc: Libc }
  | { readonly type: 'unavailable'; readonly reason: string };

/** The machines whose numbers and structures `constants.ts` has. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64'];

/** koffi is an optional dependency: without it, or outside of Linux, the result has the reason. */
export async function loadLibc(): Promise<LibcLoad> {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
    return { type: 'unavailable', reason: `not on ${process.platform} ${process.arch}` };
  }
  try {
    const { default: koffi } = await import('koffi');
    return { type: 'loaded', libc: bindings(koffi) };
  } catch (error) {
    return { type: 'unavailable', reason: `koffi cannot be loaded: ${(error as Error).message}` };
  }
}

/**
 * Memory that libc reads or writes. It has its own ArrayBuffer, so that its address stays the same: the garbage
 * collector may move a small Buffer.
 */
export type Memory = {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Valid as long as this object is. */
  readonly address: number;
};

export function memory(libc: Libc, size: number): Memory {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  return { bytes, view: new DataView(bytes.buffer), address: Number(libc.address(bytes)) };
}

/** The buffer must not be used after `unmap`. */
export type MappedMemory = { readonly buffer: ArrayBuffer; readonly unmap: () => void };

/** The error of the last call that failed. */
export function lastError(libc: Libc, what: string): UdpError {
  return new UdpError(getSystemErrorName(-libc.errno()), what);
}

function bindings(koffi: typeof import('koffi').default): Libc {
  // This is the libc that Node.js itself uses, glibc or musl.
  const lib = koffi.load(null);
  // glibc and musl have no functions for these. Their arguments are those of all others on both machines.
  const setupRing = lib.func('long syscall(long, uint32_t, void *)');
  const enterRing = lib.func('long syscall(long, int, uint32_t, uint32_t, uint32_t, uintptr_t, size_t)');
  const mmap = lib.func('int64_t mmap(uintptr_t, size_t, int, int, int, int64_t)');
  const munmap = lib.func('int munmap(uintptr_t, size_t)');
  return {
    socket: lib.func('int socket(int, int, int)'),
    bind: lib.func('int bind(int, const void *, uint32_t)'),
    connect: lib.func('int connect(int, const void *, uint32_t)'),
    send: lib.func('int64_t send(int, const void *, size_t, int)'),
    sendto: lib.func('int64_t sendto(int, const void *, size_t, int, uintptr_t, uint32_t)'),
    recvfrom: lib.func('int64_t recvfrom(int, uintptr_t, size_t, int, uintptr_t, uintptr_t)'),
    sendmsg: lib.func('int64_t sendmsg(int, uintptr_t, int)'),
    recvmsg: lib.func('int64_t recvmsg(int, uintptr_t, int)'),
    getsockname: lib.func('int getsockname(int, void *, void *)'),
    setsockopt: lib.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    epoll_create1: lib.func('int epoll_create1(int)'),
    epoll_ctl: lib.func('int epoll_ctl(int, int, int, void *)'),
    epoll_wait: lib.func('int epoll_wait(int, void *, int, int)'),
    eventfd: lib.func('int eventfd(uint32_t, int)'),
    read: lib.func('int64_t read(int, void *, size_t)'),
    io_uring_setup: (entries, params) => setupRing(c.SYS_io_uring_setup, entries, params),
    io_uring_enter: (ring, submit, complete, flags) =>
      enterRing(c.SYS_io_uring_enter, ring, submit, complete, flags, 0, 0),
    map: (fd, offset, bytes) => {
      const address = mmap(0, bytes, c.PROT_READ | c.PROT_WRITE, c.MAP_SHARED, fd, offset);
      if (address < 0)
        throw new UdpError(getSystemErrorName(-koffi.errno()), 'memory cannot be shared with the kernel');
      return { buffer: koffi.view(BigInt(address), bytes), unmap: () => munmap(address, bytes) };
    },
    close: lib.func('int close(int)'),
    errno: koffi.errno,
    address: koffi.address,
    whenReadable: (fd, callback) => {
      const handle = koffi.node.poll(fd, { readable: true }, callback);
      return () => handle.close();
    },
  };
}
