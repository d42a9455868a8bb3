import { BoundedMap } from '../../base/bounded-map.ts';
import type { ChannelObserver } from '../asterisk/channels.ts';

/** A key that the relay has not seen waits so long for packets of the same press. */
const WAIT_MS = 300;
/** A key that the relay has not seen is the same press again if the key has counted so short a time ago. */
const SAME_PRESS_MS = 5000;
/** A phone tells of a press by SIP at most so long before its packets come. */
const AHEAD_MS = 1000;
/** Asterisk counts a press when it ends. A press that it has not counted after this time is lost. */
const LONGEST_PRESS_MS = 60_000;
/** Presses that are remembered of a key. */
const MOST_PRESSES = 32;
/** The keys that there are (RFC 4733, section 3.2). */
const MOST_KEYS = 16;

type Key = {
  /** When the presses began that the relay has seen and Asterisk has not counted. */
  presses: number[];
  /** When it has counted last. */
  countedAtMs: number;
  waiting: NodeJS.Timeout | null;
};

/** A call whose phone sends keys in packets, by key. */
type Call = { sendsPackets: boolean; readonly keys: BoundedMap<string, Key> };

export type KeyPressesDeps = {
  /** Whether the relay has a call; what it reports of another is late, for the call has ended. */
  readonly isRelayed: (channelId: string) => boolean;
  /** A key counts. */
  readonly count: (channelId: string, digit: string) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
};

/**
 * One press, one key: phones that are set to "both" tell of each press in packets (RFC 4733) and by SIP INFO, and Asterisk
 * counts both, without saying which is which. The relay sees the packets. So a phone that sends any has as many keys as
 * the relay has seen presses. Keys of a phone that sends none count as they come.
 */
export class KeyPresses implements ChannelObserver {
  readonly #deps: KeyPressesDeps;
  /** By channel. Bounded by the calls of Asterisk. */
  readonly #calls = new Map<string, Call>();

  constructor(deps: KeyPressesDeps) {
    this.#deps = deps;
  }

  /** The relay passes the first packet of a press on to Asterisk. */
  pressed(channelId: string, digit: string): void {
    if (!this.#deps.isRelayed(channelId)) return;
    const call = this.#callOf(channelId);
    const key = keyOf(call, digit);
    const nowMs = this.#deps.now();
    const isFirst = !call.sendsPackets;
    call.sendsPackets = true;
    if (key.waiting) return this.#count(channelId, digit, key);
    // It has counted already, by SIP.
    if (isFirst && nowMs - key.countedAtMs < AHEAD_MS) return;
    key.presses = [...key.presses.slice(1 - MOST_PRESSES), nowMs];
  }

  /** Asterisk has counted a key. */
  received(channelId: string, digit: string): void {
    const call = this.#callOf(channelId);
    const key = keyOf(call, digit);
    const nowMs = this.#deps.now();
    key.presses = key.presses.filter((atMs) => nowMs - atMs < LONGEST_PRESS_MS);
    if (key.presses.shift() !== undefined || !call.sendsPackets) return this.#count(channelId, digit, key);
    const isRepeated = nowMs - key.countedAtMs < SAME_PRESS_MS;
    // Another key of the same kind waits already: neither of them is a press of its own.
    if (key.waiting) return;
    key.waiting = setTimeout(() => {
      key.waiting = null;
      if (isRepeated) return;
      // The phone sends no packets any more: it may be another one, behind the same PBX.
      call.sendsPackets = false;
      this.#count(channelId, digit, key);
    }, WAIT_MS);
  }

  channelGone(channelId: string, destroyed: boolean): void {
    if (destroyed) this.#forget(channelId);
  }

  /** Forgets calls that Asterisk does not have any more. */
  resync(living: ReadonlySet<string>): void {
    for (const channelId of this.#calls.keys()) if (!living.has(channelId)) this.#forget(channelId);
  }

  /** Stops the timers. */
  stop(): void {
    for (const channelId of this.#calls.keys()) this.#forget(channelId);
  }

  #count(channelId: string, digit: string, key: Key): void {
    if (key.waiting) clearTimeout(key.waiting);
    key.waiting = null;
    key.countedAtMs = this.#deps.now();
    this.#deps.count(channelId, digit);
  }

  #callOf(channelId: string): Call {
    const known = this.#calls.get(channelId);
    if (known) return known;
    const call = { sendsPackets: false, keys: new BoundedMap<string, Key>(MOST_KEYS) };
    this.#calls.set(channelId, call);
    return call;
  }

  #forget(channelId: string): void {
    const { keys } = this.#calls.get(channelId) ?? {};
    for (const { waiting } of keys?.values() ?? []) if (waiting) clearTimeout(waiting);
    this.#calls.delete(channelId);
  }
}

function keyOf({ keys }: Call, digit: string): Key {
  const known = keys.get(digit);
  if (known) return known;
  const key = { presses: [], countedAtMs: Number.NEGATIVE_INFINITY, waiting: null };
  keys.set(digit, key);
  return key;
}
