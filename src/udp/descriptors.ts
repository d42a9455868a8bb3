import { chmodSync, unlinkSync } from 'node:fs';
import * as c from './constants.ts';
import { UdpError } from './errors.ts';
import { type Libc, lastError, type Memory, memory } from './libc.ts';

/**
 * Messages between processes of this host that carry descriptors: datagrams of unix sockets with ancillary data, see
 * unix(7), cmsg(3). The receiver of a descriptor has the same socket, with its waiting packets, filter and peer.
 *
 *     struct msghdr   | name 8 | its length 8 | vectors 8 | their number 8 | control 8 | its length 8 | flags 8 |
 *     struct iovec    | address 8 | length 8 |
 *     struct cmsghdr  | length 8 | level 4 | type 4 | descriptors, 4 each ... |
 */
const MESSAGE_BYTES = 56;
const VECTOR_BYTES = 16;
const CONTROL_HEADER_BYTES = 16;
/** SCM_MAX_FD limits the descriptors of a message. */
const MOST_DESCRIPTORS = 253;
/** This is below the kernel's limit of unread bytes of a socket (`net.core.wmem_default`). */
const MOST_TEXT_BYTES = 160 * 1024;
/** `struct sockaddr_un`: the family, 2 bytes, and the path with its end. */
const PATH_BYTES = 108;
/** How long a message may wait for a receiver that does not read. */
const SEND_SECONDS = 5n;

/** Sends one message, with at most 253 descriptors. Waits while too many are unread. @throws UdpError */
export function sendDescriptors(libc: Libc, path: string, text: string, descriptors: readonly number[]): void {
  send(libc, path, { text, descriptors, flags: 0 });
}

/** Sends one message without descriptors, and never waits. @throws UdpError EAGAIN while too many are unread */
export function sendText(libc: Libc, path: string, text: string): void {
  send(libc, path, { text, descriptors: [], flags: c.MSG_DONTWAIT });
}

type Sent = { readonly text: string; readonly descriptors: readonly number[]; readonly flags: number };

function send(libc: Libc, path: string, { text, descriptors, flags }: Sent): void {
  const message = new Message(libc, Buffer.byteLength(text), descriptors.length);
  message.text.bytes.set(Buffer.from(text));
  message.setDescriptors(descriptors);
  const name = pathAddress(libc, path);
  message.header.view.setBigUint64(0, BigInt(name.address), true);
  message.header.view.setUint32(8, name.bytes.length, true);
  const fd = openUnix(libc);
  try {
    libc.setsockopt(fd, c.SOL_SOCKET, c.SO_SNDTIMEO, new Uint8Array(new BigInt64Array([SEND_SECONDS, 0n]).buffer), 16);
    if (libc.sendmsg(fd, message.header.address, c.MSG_NOSIGNAL | flags) < 0)
      throw lastError(libc, `${path}: the message cannot be sent`);
  } finally {
    libc.close(fd);
  }
}

/** Receives such messages, from this user only. It belongs to the main thread. */
export class DescriptorInbox {
  readonly #libc: Libc;
  readonly #path: string;
  readonly #fd: number;
  readonly #stop: () => void;
  readonly #message: Message;
  readonly #onMessage: (text: string, descriptors: number[]) => void;

  /** @throws UdpError if the socket cannot be made at the path */
  constructor(libc: Libc, path: string, onMessage: (text: string, descriptors: number[]) => void) {
    this.#libc = libc;
    this.#path = path;
    this.#onMessage = onMessage;
    this.#message = new Message(libc, MOST_TEXT_BYTES, MOST_DESCRIPTORS);
    this.#unlink();
    this.#fd = openUnix(libc);
    const address = pathAddress(libc, path);
    if (libc.bind(this.#fd, address.bytes, address.bytes.length) !== 0)
      throw lastError(libc, `${path} cannot be bound`);
    chmodSync(path, 0o600);
    this.#stop = libc.whenReadable(this.#fd, () => this.#receive());
  }

  close(): void {
    this.#stop();
    this.#libc.close(this.#fd);
    this.#unlink();
  }

  #receive(): void {
    const { header, control, text } = this.#message;
    header.view.setBigUint64(40, BigInt(control.bytes.length), true);
    const bytes = this.#libc.recvmsg(this.#fd, header.address, c.MSG_DONTWAIT | c.MSG_CMSG_CLOEXEC);
    if (bytes < 0) return;
    this.#onMessage(Buffer.from(text.bytes.subarray(0, bytes)).toString(), this.#message.descriptors);
  }

  #unlink(): void {
    try {
      unlinkSync(this.#path);
    } catch {
      // The file does not exist.
    }
  }
}

class Message {
  readonly header: Memory;
  readonly text: Memory;
  readonly control: Memory;
  readonly #vector: Memory;

  constructor(libc: Libc, textBytes: number, descriptors: number) {
    this.header = memory(libc, MESSAGE_BYTES);
    this.#vector = memory(libc, VECTOR_BYTES);
    this.text = memory(libc, textBytes);
    this.control = memory(libc, CONTROL_HEADER_BYTES + 8 * Math.ceil(descriptors / 2));
    this.#vector.view.setBigUint64(0, BigInt(this.text.address), true);
    this.#vector.view.setBigUint64(8, BigInt(textBytes), true);
    this.header.view.setBigUint64(16, BigInt(this.#vector.address), true);
    this.header.view.setBigUint64(24, 1n, true);
    this.header.view.setBigUint64(32, BigInt(this.control.address), true);
  }

  setDescriptors(descriptors: readonly number[]): void {
    if (descriptors.length === 0) return;
    const { view, bytes } = this.control;
    this.header.view.setBigUint64(40, BigInt(bytes.length), true);
    view.setBigUint64(0, BigInt(CONTROL_HEADER_BYTES + 4 * descriptors.length), true);
    view.setInt32(8, c.SOL_SOCKET, true);
    view.setInt32(12, c.SCM_RIGHTS, true);
    for (const [index, fd] of descriptors.entries()) view.setInt32(CONTROL_HEADER_BYTES + 4 * index, fd, true);
  }

  get descriptors(): number[] {
    if (this.header.view.getBigUint64(40, true) === 0n) return [];
    const { view } = this.control;
    const count = (Number(view.getBigUint64(0, true)) - CONTROL_HEADER_BYTES) / 4;
    return Array.from({ length: count }, (_, index) => view.getInt32(CONTROL_HEADER_BYTES + 4 * index, true));
  }
}

function openUnix(libc: Libc): number {
  const fd = libc.socket(c.AF_UNIX, c.SOCK_DGRAM | c.SOCK_CLOEXEC, 0);
  if (fd < 0) throw lastError(libc, 'a unix socket cannot be made');
  return fd;
}

/**
 * @param path where it begins with `@`, a name in the abstract namespace, which ends where its address does
 * @throws UdpError ENAMETOOLONG
 */
function pathAddress(libc: Libc, path: string): Memory {
  const bytes = Buffer.byteLength(path);
  if (bytes >= PATH_BYTES) throw new UdpError('ENAMETOOLONG', path);
  const isAbstract = path.startsWith('@');
  const address = memory(libc, 2 + (isAbstract ? bytes : PATH_BYTES));
  address.view.setUint16(0, c.AF_UNIX, true);
  address.bytes.set(Buffer.from(isAbstract ? path.replace('@', '\0') : path), 2);
  return address;
}
