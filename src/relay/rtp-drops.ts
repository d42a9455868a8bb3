import { workerData } from 'node:worker_threads';
import type { RtpDropReason } from '../rtp/packet.ts';

/** Why a packet that came to a listener's port was dropped. */
export type ListenerDropReason = RtpDropReason | 'payload-type' | 'bad-event' | 'other-source';

const REASONS: readonly ListenerDropReason[] = [
  'too-short',
  'not-version-2',
  'rtcp',
  'bad-length',
  'payload-type',
  'bad-event',
  'other-source',
];

/** Counts by reason, in memory that the relay's threads share; they wrap. */
export type RtpDrops = Uint32Array<SharedArrayBuffer>;

export function createRtpDrops(): RtpDrops {
  return new Uint32Array(new SharedArrayBuffer(REASONS.length * Uint32Array.BYTES_PER_ELEMENT));
}

/** @returns those that this thread was given when it was started */
export function rtpDropsOfThread(): RtpDrops {
  const given: unknown = workerData?.rtpDrops;
  return given instanceof Uint32Array ? (given as RtpDrops) : createRtpDrops();
}

/** HOT PATH. */
export function countDrop(drops: RtpDrops, reason: ListenerDropReason): void {
  Atomics.add(drops, REASONS.indexOf(reason), 1);
}

/** Adds up what threads count, beyond where their counts wrap, if it is asked at least once in 2^32 packets. */
export class RtpDropSums {
  readonly #drops: RtpDrops;
  readonly #before = new Uint32Array(REASONS.length);
  readonly #sums = REASONS.map(() => 0);

  constructor(drops: RtpDrops) {
    this.#drops = drops;
  }

  read(): Record<ListenerDropReason, number> {
    const sums = REASONS.map((reason, index) => {
      const count = Atomics.load(this.#drops, index);
      const sum = (this.#sums[index] as number) + ((count - (this.#before[index] as number)) >>> 0);
      this.#before[index] = count;
      this.#sums[index] = sum;
      return [reason, sum];
    });
    return Object.fromEntries(sums) as Record<ListenerDropReason, number>;
  }
}
