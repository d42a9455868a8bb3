import { BoundedMap } from '../../base/bounded-map.ts';

/**
 * Recent wrong PINs, by caller and for the conference as a whole. Each makes the next try slower: a person who mistypes
 * hardly notices it, and a machine does not get far, however many numbers it calls from.
 */
export type PinThrottle = {
  readonly byCaller: ReadonlyMap<string, Count>;
  readonly all: Count;
};

/** From `sinceMs` on, one wrong PIN is forgiven each minute. */
type Count = { readonly wrong: number; readonly sinceMs: number };

const NONE: Count = { wrong: 0, sinceMs: 0 };

export const NO_WRONG_PINS: PinThrottle = { byCaller: new Map(), all: NONE };

/** One wrong PIN is forgiven in this time. */
const FORGIVEN_AFTER_MS = 60_000;
const MOST_CALLERS = 1000;
const LONGEST_DELAY_MS = 30_000;
/** So many wrong PINs have no consequence, for one caller and for all callers together. */
const FREE_FOR_CALLER = 2;
const FREE_FOR_ALL = 20;
/** So many more are counted at most, so that all are forgiven soon after the guessing has stopped. */
const MOST_EXCESS = 6;

export function recordWrongPin(pinThrottle: PinThrottle, callerNumber: string, nowMs: number): PinThrottle {
  const byCaller = new BoundedMap<string, Count>(MOST_CALLERS, pinThrottle.byCaller);
  const count = byCaller.get(callerNumber) ?? NONE;
  byCaller.set(callerNumber, oneMore(count, FREE_FOR_CALLER, nowMs));
  return { byCaller, all: oneMore(pinThrottle.all, FREE_FOR_ALL, nowMs) };
}

/** How long the next try of this caller is delayed, 0 to 30 s. */
export function guessingDelayMs(pinThrottle: PinThrottle, callerNumber: string, nowMs: number): number {
  const caller = now(pinThrottle.byCaller.get(callerNumber) ?? NONE, nowMs).wrong - FREE_FOR_CALLER;
  const all = now(pinThrottle.all, nowMs).wrong - FREE_FOR_ALL;
  const excess = Math.max(caller, all);
  return excess <= 0 ? 0 : Math.min(500 * 2 ** excess, LONGEST_DELAY_MS);
}

/** Whether this is guessing rather than mistyping, and worth reporting to an operator. */
export function isSuspicious(pinThrottle: PinThrottle, callerNumber: string, nowMs: number): boolean {
  return guessingDelayMs(pinThrottle, callerNumber, nowMs) > 0;
}

function oneMore(count: Count, free: number, nowMs: number): Count {
  const { wrong, sinceMs } = now(count, nowMs);
  return { wrong: Math.min(wrong + 1, free + MOST_EXCESS), sinceMs: wrong === 0 ? nowMs : sinceMs };
}

function now({ wrong, sinceMs }: Count, nowMs: number): Count {
  const forgiven = Math.floor((nowMs - sinceMs) / FORGIVEN_AFTER_MS);
  return { wrong: Math.max(0, wrong - forgiven), sinceMs: sinceMs + forgiven * FORGIVEN_AFTER_MS };
}
