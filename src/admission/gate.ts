import { Pace } from './pace.ts';

/** More calls than this do not wait; Asterisk would run out of descriptors before. */
const MOST_WAITING = 10_000;
/** A call of which nothing was heard for so long is given up: others must not wait for it. */
const LONGEST_UNDER_WAY_MS = 15_000;
const SECOND_MS = 1000;
/** While a call has waited for so long, new calls are better off on another node. */
const CONGESTED_MS = 2000;

/** The figures about calls that come in, for operators and other nodes. */
export type Admission = {
  /** Calls that wait, unanswered. */
  readonly waiting: number;
  /** For how long the first of them has waited. */
  readonly longestMs: number;
  /** Calls that were let in during the last second, as far as they have been set up. */
  readonly perSecond: number;
  /** How many may be on their way in at once, as of now. */
  readonly limit: number;
  /** Calls that had waited for too long, or found no room, and were not taken by another node either, since the controller was started. */
  readonly refused: number;
  /** How many more calls Asterisk has room for; null if that is not known, or there is no limit. */
  readonly room: number | null;
};

export const NO_ADMISSION: Admission = { waiting: 0, longestMs: 0, perSecond: 0, limit: 0, refused: 0, room: null };

/** Whether new calls are better off on another node. */
export function isCongested({ longestMs, room }: Admission): boolean {
  return longestMs > CONGESTED_MS || room === 0;
}

type Waiting<T> = { readonly call: T; readonly sinceMs: number; readonly mayExpire: boolean };

/** The calls that wait to be let in, the first to come first, and those on their way in. Times are as for `Pace`. */
export class Gate<T> {
  readonly #waitMs: number;
  readonly #pace = new Pace();
  /** By channel id, in order of coming. Bounded by MOST_WAITING. */
  readonly #waiting = new Map<string, Waiting<T>>();
  /** When each call on its way in was let in, by channel id. Bounded by the limit of the pace. */
  readonly #underWay = new Map<string, number>();
  /** When calls have been set up, within the last second. */
  readonly #settledAtMs: number[] = [];
  #refused = 0;

  /** @param options.waitMs for how long a call may wait */
  constructor({ waitMs }: { waitMs: number }) {
    this.#waitMs = waitMs;
  }

  /** Whether the call waits, or is on its way in. */
  has(id: string): boolean {
    return this.#waiting.has(id) || this.#underWay.has(id);
  }

  isWaiting(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** No call waits or is on its way in. */
  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.#underWay.size === 0;
  }

  get ids(): string[] {
    return [...this.#waiting.keys(), ...this.#underWay.keys()];
  }

  /**
   * A call has come.
   * @param call.mayExpire false for one that nobody else can take any more, which waits for as long as it must
   * @returns false if too many wait already
   */
  arrive(id: string, { call, mayExpire }: { call: T; mayExpire: boolean }, nowMs: number): boolean {
    if (this.#waiting.size >= MOST_WAITING) return false;
    this.#waiting.set(id, { call, sinceMs: nowMs, mayExpire });
    return true;
  }

  /** The call that is let in now; null while there is none, or no room. */
  next(nowMs: number): T | null {
    const [first] = this.#waiting;
    if (!first || !this.#pace.hasRoom(nowMs)) return null;
    const [id, { call }] = first;
    this.#waiting.delete(id);
    this.#underWay.set(id, nowMs);
    this.#pace.admitted(nowMs);
    return call;
  }

  /** A call that has waited for too long, and does so no more; null without one. */
  nextExpired(nowMs: number): T | null {
    for (const [id, { call, sinceMs, mayExpire }] of this.#waiting) {
      if (nowMs - sinceMs < this.#waitMs) return null;
      if (!mayExpire) continue;
      this.#waiting.delete(id);
      return call;
    }
    return null;
  }

  /** The channel of a call on its way in has been set up. Of any other one this says nothing. */
  settled(id: string, nowMs: number): void {
    const sinceMs = this.#underWay.get(id);
    if (sinceMs === undefined) return;
    this.#underWay.delete(id);
    this.#pace.settled(sinceMs, nowMs);
    this.#settledAtMs.push(nowMs);
    this.#forgetSettled(nowMs);
  }

  /** A call has ended, has gone elsewhere, or could not be set up. */
  left(id: string, nowMs: number): void {
    this.#waiting.delete(id);
    const sinceMs = this.#underWay.get(id);
    if (sinceMs === undefined) return;
    this.#underWay.delete(id);
    this.#pace.gone(sinceMs, nowMs);
  }

  refused(): void {
    this.#refused++;
  }

  /** As `Pace.unanswered`. */
  unanswered(nowMs: number): void {
    this.#pace.unanswered(nowMs);
  }

  /** To be called every few ms while there are calls. @param lateMs how late the event loop was */
  tick(lateMs: number, nowMs: number): void {
    this.#pace.late(lateMs, nowMs);
    for (const [id, sinceMs] of this.#underWay) {
      if (nowMs - sinceMs < LONGEST_UNDER_WAY_MS) return;
      this.#underWay.delete(id);
      this.#pace.gone(sinceMs, nowMs);
      this.#pace.unanswered(nowMs);
    }
  }

  at(nowMs: number): Omit<Admission, 'room'> {
    this.#forgetSettled(nowMs);
    const [first] = this.#waiting.values();
    return {
      waiting: this.#waiting.size,
      longestMs: first ? Math.round(nowMs - first.sinceMs) : 0,
      perSecond: this.#settledAtMs.length,
      limit: this.#pace.limit,
      refused: this.#refused,
    };
  }

  #forgetSettled(nowMs: number): void {
    const recent = this.#settledAtMs.findIndex((atMs) => nowMs - atMs < SECOND_MS);
    this.#settledAtMs.splice(0, recent < 0 ? this.#settledAtMs.length : recent);
  }
}
