import { TrunkError } from './errors.ts';
import { readUint32, SENDER_ID_BYTES, senderIdOf } from './packet-format.ts';
import { ReplayWindow } from './replay-window.ts';
import { checkKey, isUint32 } from './sender-key.ts';

/** A node's announcement of its own key to its peers, over the event channel. */
export type KeyAnnouncement = {
  epoch: number;
  key: Uint8Array;
  /**
   * Packets with a lower counter are refused. It is the sender's next counter at the time of the announcement: a peer
   * that was away and gets the same key again has lost its replay window, and must not accept recorded packets.
   */
  fromCounter: { high: number; low: number };
};

/** A node keeps the key it sends with, the next one, and the one before. */
export const MAX_KEYS_PER_PEER = 3;

export type ReceiverKey = {
  readonly epoch: number;
  readonly key: Uint8Array;
  readonly window: ReplayWindow;
  /** Whether a packet came with the key. */
  used: boolean;
  /** The time at which the key is forgotten; null until a newer one is used. */
  expiresAtMs: number | null;
};

/** Another node: its sender id and the keys that it announced. */
export class TrunkPeer {
  readonly nodeId: string;
  readonly idHigh: number;
  readonly idLow: number;
  /** Authentic, new packets of this node. */
  acceptedPackets = 0;
  /** In the order in which they were announced; at most `MAX_KEYS_PER_PEER`. */
  #keys: readonly ReceiverKey[] = [];

  constructor(options: { nodeId: string }) {
    const id = senderIdOf(options.nodeId);
    this.nodeId = options.nodeId;
    this.idHigh = readUint32(id, 0);
    this.idLow = readUint32(id, SENDER_ID_BYTES / 2);
  }

  /** The epochs whose packets are accepted, oldest first. */
  get epochs(): number[] {
    return this.#keys.map((key) => key.epoch);
  }

  /** HOT PATH */
  keyOf(epoch: number): ReceiverKey | undefined {
    const keys = this.#keys;
    for (let i = keys.length - 1; i >= 0; i -= 1) {
      if (keys[i]?.epoch === epoch) return keys[i];
    }
    return undefined;
  }

  /**
   * Accepts packets under this key from now on. The same key again changes nothing, its replay window above all;
   * another key of the same epoch replaces it. With one more than `MAX_KEYS_PER_PEER` the oldest is forgotten.
   * @throws {TrunkError} `bad-key`
   */
  install(announcement: KeyAnnouncement): void {
    const { epoch, key, fromCounter } = announcement;
    checkKey(epoch, key);
    if (!isUint32(fromCounter.high) || !isUint32(fromCounter.low)) {
      throw new TrunkError('bad-key', 'the first counter is not two halves of 32 bits');
    }
    const known = this.keyOf(epoch);
    // The comparison need not take constant time: both keys are known to the caller.
    if (known !== undefined && Buffer.compare(known.key, key) === 0) return;
    this.#keys = [
      ...this.#keys.filter((other) => other.epoch !== epoch),
      { epoch, key: Uint8Array.from(key), window: new ReplayWindow(fromCounter), used: false, expiresAtMs: null },
    ].slice(-MAX_KEYS_PER_PEER);
  }

  /** Forgets keys `retainMs` after a newer one was first seen in use. */
  expireKeys(nowMs: number, retainMs: number): void {
    const keys = this.#keys;
    const newestUsed = keys.findLastIndex((key) => key.used);
    for (const key of keys.slice(0, Math.max(0, newestUsed))) key.expiresAtMs ??= nowMs + retainMs;
    if (keys.some((key) => isExpired(key, nowMs))) this.#keys = keys.filter((key) => !isExpired(key, nowMs));
  }
}

function isExpired(key: ReceiverKey, nowMs: number): boolean {
  return key.expiresAtMs !== null && key.expiresAtMs <= nowMs;
}
