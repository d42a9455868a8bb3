/**
 * Wrong PINs lately, by caller and for the conference as a whole. Guessing gets slower with each: a person who mistypes
 * hardly notices, a machine does not get far, from however many numbers it calls.
 */
export type Guesses = {
  readonly byCaller: ReadonlyMap<string, Count>;
  readonly all: Count;
};

type Count = { readonly wrong: number; readonly lastMs: number };

const NONE: Count = { wrong: 0, lastMs: 0 };

export const NO_GUESSES: Guesses = { byCaller: new Map(), all: NONE };

/** One wrong PIN is forgiven in this time. */
const FORGIVEN_AFTER_MS = 60_000;
const MOST_CALLERS = 1000;
const LONGEST_DELAY_MS = 30_000;
/** Wrong PINs of a caller without consequence, and those of all callers together. */
const FREE_FOR_CALLER = 2;
const FREE_FOR_ALL = 20;

export function recordWrongPin(guesses: Guesses, callerNumber: string, nowMs: number): Guesses {
  const byCaller = new Map(guesses.byCaller);
  const count = now(byCaller.get(callerNumber) ?? NONE, nowMs);
  // The newest is last, so that the one who guessed longest ago is forgotten first.
  byCaller.delete(callerNumber);
  byCaller.set(callerNumber, { wrong: count.wrong + 1, lastMs: nowMs });
  if (byCaller.size > MOST_CALLERS) byCaller.delete(byCaller.keys().next().value ?? '');
  const all = now(guesses.all, nowMs);
  return { byCaller, all: { wrong: all.wrong + 1, lastMs: nowMs } };
}

/** How long the next try of this caller is delayed, 0 to 30 s. */
export function guessingDelayMs(guesses: Guesses, callerNumber: string, nowMs: number): number {
  const caller = now(guesses.byCaller.get(callerNumber) ?? NONE, nowMs).wrong - FREE_FOR_CALLER;
  const all = now(guesses.all, nowMs).wrong - FREE_FOR_ALL;
  const excess = Math.max(caller, all);
  return excess <= 0 ? 0 : Math.min(500 * 2 ** excess, LONGEST_DELAY_MS);
}

/** Whether this is guessing rather than mistyping, and worth telling an operator. */
export function isSuspicious(guesses: Guesses, callerNumber: string, nowMs: number): boolean {
  return guessingDelayMs(guesses, callerNumber, nowMs) > 0;
}

function now({ wrong, lastMs }: Count, nowMs: number): Count {
  const forgiven = Math.floor((nowMs - lastMs) / FORGIVEN_AFTER_MS);
  return { wrong: Math.max(0, wrong - forgiven), lastMs };
}
