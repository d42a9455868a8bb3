import { TrunkError } from './errors.ts';
import { KEY_BYTES } from './packet-format.ts';

/**
 * A key to send with, and how many packets were sent with it; the two belong together. The count is in
 * shared memory: posting a `SenderKey` to worker threads lets all of them send with it, and no counter is used twice.
 * It must never leave its process, since a second count under the same key would repeat nonces.
 */
export type SenderKey = {
  /** Unsigned 32 bits. */
  readonly epoch: number;
  readonly key: Uint8Array;
  /** The next counter, an unsigned number. */
  readonly nextCounter: Int32Array<SharedArrayBuffer>;
};

/**
 * A key refuses to send after this many packets, so that the counter's upper half stays 0. The limit is so far from
 * 2^32 that threads which increment the counter at the same time do not reach it.
 */
export const MAX_PACKETS_PER_KEY = 2 ** 32 - 2 ** 16;

/**
 * @param key 32 bytes that were never used by another `SenderKey`
 * @throws {TrunkError} `bad-key`
 */
export function createSenderKey(epoch: number, key: Uint8Array): SenderKey {
  checkKey(epoch, key);
  return { epoch, key: Uint8Array.from(key), nextCounter: new Int32Array(new SharedArrayBuffer(4)) };
}

/** @throws {TrunkError} `bad-key` */
export function checkKey(epoch: number, key: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new TrunkError('bad-key', `a key is ${KEY_BYTES} bytes, not ${key.length}`);
  if (!isUint32(epoch)) throw new TrunkError('bad-key', `${epoch} is not an epoch: it has 32 bits`);
}

export function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

/** How many packets were sent with a key. */
export function packetsSent(senderKey: SenderKey): number {
  return Atomics.load(senderKey.nextCounter, 0) >>> 0;
}

/** @returns a counter that nobody else gets, or -1 if the key is used up. HOT PATH */
export function takeCounter(senderKey: SenderKey): number {
  if (Atomics.load(senderKey.nextCounter, 0) >>> 0 >= MAX_PACKETS_PER_KEY) return -1;
  return Atomics.add(senderKey.nextCounter, 0, 1) >>> 0;
}
