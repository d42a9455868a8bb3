import { getSystemErrorName } from 'node:util';
import { type Libc, type Memory, memory } from './libc.ts';
import { SendRing } from './send-ring.ts';

/** A power of two. With more, the packets of speakers would wait longer. */
const MOST_PACKETS = 64;
/** Packets of media are shorter. */
export const MOST_QUEUED_BYTES = 512;
/** After the kernel has refused, it is asked again after so long. */
const AGAIN_MS = 60_000;
const TOO_FEW = 'the kernel has not taken all packets by io_uring';
const PACKETS_BYTES = MOST_PACKETS * MOST_QUEUED_BYTES;

/** A socket whose packets are queued. */
export interface QueuedSender {
  readonly descriptor: number;
  /** This packet has not been sent: the kernel has refused it with this error, or has not tried (null). */
  notSent(packet: Uint8Array, errno: number | null): void;
}

/** Whether the kernel has what a queue needs, and allows it. */
export function isQueueAllowed(libc: Libc): boolean {
  try {
    openRing(libc, memory(libc, PACKETS_BYTES)).close();
    return true;
  } catch {
    return false;
  }
}

/** Packets of the connected sockets of a thread, which go out with one call of the kernel, where it allows that. */
export class SendQueue {
  readonly #libc: Libc;
  readonly #onRefused: (reason: string) => void;
  readonly #packets: Memory;
  readonly #bytes = new Uint32Array(MOST_PACKETS);
  readonly #senders: (QueuedSender | null)[] = new Array(MOST_PACKETS).fill(null);
  /** Null before the first packet, and while the kernel does not allow it. */
  #ring: SendRing | null = null;
  /** From then on it is opened with the next packet. */
  #openAtMs = Number.NEGATIVE_INFINITY;
  /** The place of the first packet that waits. */
  #first = 0;
  #waiting = 0;

  /** @param onRefused the kernel has refused, so that each packet is sent by itself for a minute */
  constructor(libc: Libc, onRefused: (reason: string) => void) {
    this.#libc = libc;
    this.#onRefused = onRefused;
    this.#packets = memory(libc, PACKETS_BYTES);
  }

  /** HOT PATH. The packet has at most 512 bytes, which may be changed as soon as it returns. */
  add(sender: QueuedSender, packet: Uint8Array): void {
    const ring = this.#ring ?? this.#open(performance.now());
    if (ring === null) return sender.notSent(packet, null);
    const place = (this.#first + this.#waiting) % MOST_PACKETS;
    this.#packets.bytes.set(packet, place * MOST_QUEUED_BYTES);
    this.#bytes[place] = packet.length;
    this.#senders[place] = sender;
    ring.describe(place, sender.descriptor, packet.length);
    this.#waiting += 1;
    if (this.#waiting === MOST_PACKETS) this.flush();
  }

  /** HOT PATH. Sends all packets that wait. */
  flush(): void {
    const ring = this.#ring;
    const first = this.#first;
    const waiting = this.#waiting;
    if (!ring || waiting === 0) return;
    this.#first = (first + waiting) % MOST_PACKETS;
    this.#waiting = 0;
    const taken = ring.submit(waiting);
    ring.failures(this.#notSent);
    if (taken === waiting) return;
    this.close();
    this.#openAtMs = performance.now() + AGAIN_MS;
    for (let index = Math.max(0, taken); index < waiting; index += 1) this.#notSent((first + index) % MOST_PACKETS);
    this.#onRefused(
      taken < 0 ? `the kernel takes no packets by io_uring any more: ${getSystemErrorName(taken)}` : TOO_FEW,
    );
  }

  /** Nothing is queued afterwards. Idempotent. */
  close(): void {
    this.#ring?.close();
    this.#ring = null;
    this.#openAtMs = Number.POSITIVE_INFINITY;
  }

  #open(nowMs: number): SendRing | null {
    if (nowMs < this.#openAtMs) return null;
    this.#openAtMs = nowMs + AGAIN_MS;
    // The places of a new ring begin with the first one.
    this.#first = 0;
    try {
      this.#ring = openRing(this.#libc, this.#packets);
    } catch (error) {
      this.#onRefused((error as Error).message);
    }
    return this.#ring;
  }

  readonly #notSent = (place: number, errno: number | null = null): void => {
    const at = place * MOST_QUEUED_BYTES;
    const packet = this.#packets.bytes.subarray(at, at + (this.#bytes[place] as number));
    this.#senders[place]?.notSent(packet, errno);
  };
}

/** @throws UdpError where the kernel refuses */
function openRing(libc: Libc, { address }: Memory): SendRing {
  const packets = Array.from({ length: MOST_PACKETS }, (_, place) => address + place * MOST_QUEUED_BYTES);
  return SendRing.open(libc, packets);
}
