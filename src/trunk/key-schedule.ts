import { TrunkError } from './errors.ts';
import { KEY_BYTES } from './packet-format.ts';
import { createSenderKey, packetsSent, type SenderKey } from './sender-key.ts';
import type { KeyAnnouncement } from './trunk-peer.ts';

export const DEFAULT_REKEY_INTERVAL_MS = 900_000;

/** Half of the packets of a key, so that the new one is in use long before the old one is used up. */
export const REKEY_AFTER_PACKETS = 2 ** 31;

const OVERLAP_MS = 5000;
const RETAIN_MS = 10_000;

/** A new key waits at most this long for peers that do not acknowledge it: 5 s, or half of a short interval. */
export function overlapMsOf(rekeyIntervalMs: number): number {
  return Math.min(OVERLAP_MS, rekeyIntervalMs / 2);
}

/** Receivers accept the previous key for this long: 10 s, or two short intervals. */
export function retainMsOf(rekeyIntervalMs: number): number {
  return Math.min(RETAIN_MS, 2 * rekeyIntervalMs);
}

export type KeyScheduleState =
  | { phase: 'idle' }
  | { phase: 'steady'; current: SenderKey; sinceMs: number }
  | {
      phase: 'announcing';
      current: SenderKey;
      next: SenderKey;
      announcedAtMs: number;
      /** Connected peers that have not acknowledged the next key; bounded by the connected peers. */
      awaited: ReadonlySet<string>;
    };

/** A step: announce a key to all connected peers, or send with one (`TrunkSender.use`, in every thread). */
export type KeyStep = { type: 'announce'; announcement: KeyAnnouncement } | { type: 'activate'; senderKey: SenderKey };

/**
 * Decides which key this node sends with. It belongs in the sending process: a restarted process must begin with a new
 * key, since it does not know the counter of the last one.
 */
export class KeySchedule {
  readonly #rekeyIntervalMs: number;
  readonly #randomBytes: (length: number) => Uint8Array;
  /** Bounded by the event channel, which limits its peers. */
  readonly #connected = new Set<string>();
  #state: KeyScheduleState = { phase: 'idle' };

  /**
   * @param deps `randomBytes` is a cryptographic generator
   * @throws {TrunkError} `bad-option` for an interval under 100 ms
   */
  constructor(options: { rekeyIntervalMs?: number }, deps: { randomBytes: (length: number) => Uint8Array }) {
    this.#rekeyIntervalMs = options.rekeyIntervalMs ?? DEFAULT_REKEY_INTERVAL_MS;
    this.#randomBytes = deps.randomBytes;
    if (!(this.#rekeyIntervalMs >= 100)) throw new TrunkError('bad-option', 'the interval is at least 100 ms');
  }

  get state(): KeyScheduleState {
    return this.#state;
  }

  /** The present keys, in the order in which they must be announced to a new peer. */
  announcements(): KeyAnnouncement[] {
    const state = this.#state;
    switch (state.phase) {
      case 'idle':
        return [];
      case 'steady':
        return [announcementOf(state.current)];
      case 'announcing':
        return [announcementOf(state.current), announcementOf(state.next)];
    }
  }

  /** A peer has connected, and gets `announcements()`. */
  peerConnected(nodeId: string): void {
    this.#connected.add(nodeId);
    const state = this.#state;
    if (state.phase === 'announcing') this.#state = { ...state, awaited: new Set([...state.awaited, nodeId]) };
  }

  /** A peer has left; its acknowledgement is no longer needed. */
  peerLeft(nodeId: string): void {
    this.#connected.delete(nodeId);
    this.#stopAwaiting(nodeId);
  }

  /** A peer has installed a key. Only the key that was announced last counts. */
  acknowledge(nodeId: string, epoch: number): void {
    if (this.#state.phase === 'announcing' && this.#state.next.epoch === epoch) this.#stopAwaiting(nodeId);
  }

  /** Must be called after each acknowledgement or change of peers, and a few times in an overlap. */
  advance(nowMs: number): KeyStep[] {
    const state = this.#state;
    switch (state.phase) {
      case 'idle': {
        const senderKey = createSenderKey(this.#randomEpoch(), this.#randomBytes(KEY_BYTES));
        this.#state = { phase: 'steady', current: senderKey, sinceMs: nowMs };
        return [
          { type: 'announce', announcement: announcementOf(senderKey) },
          { type: 'activate', senderKey },
        ];
      }
      case 'steady': {
        const isDue = nowMs - state.sinceMs >= this.#rekeyIntervalMs;
        if (!isDue && packetsSent(state.current) < REKEY_AFTER_PACKETS) return [];
        const next = createSenderKey((state.current.epoch + 1) >>> 0, this.#randomBytes(KEY_BYTES));
        const awaited = new Set(this.#connected);
        this.#state = { phase: 'announcing', current: state.current, next, announcedAtMs: nowMs, awaited };
        return [{ type: 'announce', announcement: announcementOf(next) }, ...this.#activateWhenReady(nowMs)];
      }
      case 'announcing':
        return this.#activateWhenReady(nowMs);
    }
  }

  #activateWhenReady(nowMs: number): KeyStep[] {
    const state = this.#state;
    if (state.phase !== 'announcing') return [];
    const isOver = nowMs - state.announcedAtMs >= overlapMsOf(this.#rekeyIntervalMs);
    if (state.awaited.size > 0 && !isOver) return [];
    this.#state = { phase: 'steady', current: state.next, sinceMs: nowMs };
    return [{ type: 'activate', senderKey: state.next }];
  }

  #stopAwaiting(nodeId: string): void {
    const state = this.#state;
    if (state.phase !== 'announcing' || !state.awaited.has(nodeId)) return;
    this.#state = { ...state, awaited: new Set([...state.awaited].filter((other) => other !== nodeId)) };
  }

  /** Keys are random as well, so that even a repeated epoch after a restart repeats no nonce under a key. */
  #randomEpoch(): number {
    return new DataView(Uint8Array.from(this.#randomBytes(4)).buffer).getUint32(0);
  }
}

function announcementOf(senderKey: SenderKey): KeyAnnouncement {
  const { epoch, key } = senderKey;
  return { epoch, key, fromCounter: { high: 0, low: packetsSent(senderKey) } };
}
