import * as c from './constants.ts';
import { type Libc, lastError, type MappedMemory } from './libc.ts';

/**
 * Memory that this process shares with the kernel, to tell it of many sends with one call: see io_uring(7),
 * io_uring_setup(2) and io_uring_enter(2). One ring has the sends, another one what became of them. The kernel writes
 * where their fields are into the first structure:
 *
 *     struct io_uring_params | 4 | completions 4 | flags 4 | 28 | of the ring of sends 40 | of that of completions 40 |
 *     of the ring of sends   | head 4 | tail 4 | 16 | order 4 | 12 |
 *     of that of completions | head 4 | tail 4 | 12 | completions 4 | 16 |
 *     struct io_uring_sqe    | operation 1 | flags 1 | 2 | fd 4 | 8 | address 8 | bytes 4 | send flags 4 | user data 8 | 24 |
 *     struct io_uring_cqe    | user data 8 | result 4 | 4 |
 */
const PARAMS_BYTES = 120;
const COMPLETIONS = 4;
const FLAGS = 8;
const SENDS_TAIL = 44;
const SENDS_ORDER = 64;
const COMPLETIONS_HEAD = 80;
const COMPLETIONS_TAIL = 84;
const COMPLETIONS_AT = 100;
const SEND_BYTES = 64;
const COMPLETION_BYTES = 16;
const WORD_BYTES = 4;
/** In words. */
const SEND_WORDS = SEND_BYTES / WORD_BYTES;
const SEND_FD = 1;
const SEND_LENGTH = 6;
const COMPLETION_WORDS = COMPLETION_BYTES / WORD_BYTES;
const COMPLETION_RESULT = 2;

/** Linux 6.1 is the first that has all of these, and it has the rest too. */
const SETUP = c.IORING_SETUP_SUBMIT_ALL | c.IORING_SETUP_SINGLE_ISSUER | c.IORING_SETUP_DEFER_TASKRUN;

type Rings = {
  readonly descriptor: number;
  readonly params: DataView;
  readonly rings: MappedMemory;
  readonly sends: MappedMemory;
};

/** A ring of sends, for one thread. Its places are filled one after the other, and begin again after the last one. */
export class SendRing {
  readonly #libc: Libc;
  readonly #memory: Rings;
  readonly #words: Int32Array;
  readonly #sends: Int32Array;
  readonly #tailAt: number;
  readonly #completionsHeadAt: number;
  readonly #completionsTailAt: number;
  readonly #completionsAt: number;
  readonly #completions: number;

  private constructor(libc: Libc, memory: Rings) {
    const { params, rings, sends } = memory;
    const wordAt = (field: number) => params.getUint32(field, true) / WORD_BYTES;
    this.#libc = libc;
    this.#memory = memory;
    this.#words = new Int32Array(rings.buffer);
    this.#sends = new Int32Array(sends.buffer);
    this.#tailAt = wordAt(SENDS_TAIL);
    this.#completionsHeadAt = wordAt(COMPLETIONS_HEAD);
    this.#completionsTailAt = wordAt(COMPLETIONS_TAIL);
    this.#completionsAt = wordAt(COMPLETIONS_AT);
    this.#completions = params.getUint32(COMPLETIONS, true);
  }

  /**
   * @param packets the address of the packet of each place
   * @throws UdpError where the kernel is older than 6.1, or does not let this process have one, or has no memory for it
   */
  static open(libc: Libc, packets: readonly number[]): SendRing {
    const params = new DataView(new ArrayBuffer(PARAMS_BYTES));
    params.setUint32(FLAGS, SETUP, true);
    const descriptor = libc.io_uring_setup(packets.length, new Uint8Array(params.buffer));
    if (descriptor < 0) throw lastError(libc, 'the kernel refuses io_uring');
    const ends = [
      params.getUint32(SENDS_ORDER, true) + packets.length * WORD_BYTES,
      params.getUint32(COMPLETIONS_AT, true) + params.getUint32(COMPLETIONS, true) * COMPLETION_BYTES,
    ];
    let rings: MappedMemory | null = null;
    try {
      rings = libc.map(descriptor, c.IORING_OFF_SQ_RING, Math.max(...ends));
      const sends = libc.map(descriptor, c.IORING_OFF_SQES, packets.length * SEND_BYTES);
      const ring = new SendRing(libc, { descriptor, params, rings, sends });
      ring.#fill(packets);
      return ring;
    } catch (error) {
      rings?.unmap();
      libc.close(descriptor);
      throw error;
    }
  }

  /** What is the same for each send of a place. */
  #fill(packets: readonly number[]): void {
    const { params, sends } = this.#memory;
    const orderAt = params.getUint32(SENDS_ORDER, true) / WORD_BYTES;
    for (const [place, address] of packets.entries()) {
      this.#words[orderAt + place] = place;
      const send = new DataView(sends.buffer, place * SEND_BYTES, SEND_BYTES);
      send.setUint8(0, c.IORING_OP_SEND);
      // Nothing is told of those that went out.
      send.setUint8(1, c.IOSQE_CQE_SKIP_SUCCESS);
      send.setBigUint64(16, BigInt(address), true);
      send.setUint32(28, c.MSG_DONTWAIT | c.MSG_NOSIGNAL, true);
      send.setUint32(32, place, true);
    }
  }

  /** HOT PATH. The first `bytes` of the packet of this place are for the peer of that socket. */
  describe(place: number, descriptor: number, bytes: number): void {
    this.#sends[place * SEND_WORDS + SEND_FD] = descriptor;
    this.#sends[place * SEND_WORDS + SEND_LENGTH] = bytes;
  }

  /** HOT PATH. Sends the packets of so many next places. @returns how many the kernel has taken; the negative error number if it has refused */
  submit(count: number): number {
    this.#words[this.#tailAt] = (this.#words[this.#tailAt] as number) + count;
    const taken = this.#libc.io_uring_enter(this.#memory.descriptor, count, 0, 0);
    return taken < 0 ? -this.#libc.errno() : taken;
  }

  /** HOT PATH. Calls back for each packet that could not be sent, with its place and the error number. */
  failures(onFailed: (place: number, errno: number) => void): void {
    const words = this.#words;
    const tail = words[this.#completionsTailAt] as number;
    let head = words[this.#completionsHeadAt] as number;
    for (; head !== tail; head = (head + 1) | 0) {
      const at = this.#completionsAt + (head & (this.#completions - 1)) * COMPLETION_WORDS;
      onFailed(words[at] as number, -(words[at + COMPLETION_RESULT] as number));
    }
    words[this.#completionsHeadAt] = tail;
  }

  /** It must not be used afterwards. */
  close(): void {
    const { descriptor, rings, sends } = this.#memory;
    rings.unmap();
    sends.unmap();
    this.#libc.close(descriptor);
  }
}
