import type { Access } from '../conference/model/settings.ts';

/** A caller who is asked for the number of a conference. Pure; the shell plays and hangs up. */
export type Visitor = { readonly digits: string; readonly triesLeft: number; readonly deadlineMs: number };

/** The next step of a visitor. */
export type Step =
  | { readonly type: 'waits'; readonly visitor: Visitor }
  /** There is no such conference: the caller is asked again. */
  | { readonly type: 'asks-again'; readonly visitor: Visitor }
  | { readonly type: 'joins'; readonly conference: string }
  | { readonly type: 'gives-up' };

export type LobbySettings = Pick<Access, 'tries' | 'timeoutSeconds' | 'lobbyNumbers'>;

/** The numbers of conferences that there are, or may be. */
export type KnownNumbers = {
  /** Whether a conference of that name is running. */
  readonly isRunning: (conference: string) => boolean;
  /** Whether the table of conferences has it. */
  readonly isListed: (conference: string) => boolean;
  /** Whether the table has a longer number that begins with these digits. */
  readonly isBeginning: (digits: string) => boolean;
  /** Whether conferences that the table does not have can be joined, and opened by the patterns of the profile. */
  readonly mayBeUnlisted: () => boolean;
};

/** No number that is dialled is longer. */
const MAX_DIGITS = 10;

export function welcomeVisitor({ tries, timeoutSeconds }: LobbySettings, nowMs: number): Visitor {
  return { digits: '', triesLeft: tries, deadlineMs: nowMs + timeoutSeconds * 1000 };
}

/** Adds one digit. A number is complete with `#`, or when it cannot be a longer one. */
export function dial(
  visitor: Visitor,
  digit: string,
  settings: LobbySettings,
  numbers: KnownNumbers,
  nowMs: number,
): Step {
  if (digit === '#') return tryNumber(visitor, settings, numbers, nowMs);
  if (!/^\d$/.test(digit)) return { type: 'waits', visitor };
  const digits = visitor.digits + digit;
  const dialled = { ...visitor, digits, deadlineMs: nowMs + settings.timeoutSeconds * 1000 };
  const isComplete = numbers.isListed(digits) || mayOpen(digits, settings, numbers);
  if (digits.length >= MAX_DIGITS || (isComplete && !couldGrow(digits, settings, numbers)))
    return tryNumber(dialled, settings, numbers, nowMs);
  return { type: 'waits', visitor: dialled };
}

/** Nobody dialled in time: what has been dialled counts. */
export function timeOut(visitor: Visitor, settings: LobbySettings, numbers: KnownNumbers, nowMs: number): Step {
  return nowMs < visitor.deadlineMs ? { type: 'waits', visitor } : tryNumber(visitor, settings, numbers, nowMs);
}

function tryNumber(
  { digits, triesLeft }: Visitor,
  settings: LobbySettings,
  numbers: KnownNumbers,
  nowMs: number,
): Step {
  if (digits !== '' && exists(digits, settings, numbers)) return { type: 'joins', conference: digits };
  if (triesLeft <= 1) return { type: 'gives-up' };
  return { type: 'asks-again', visitor: { ...welcomeVisitor(settings, nowMs), triesLeft: triesLeft - 1 } };
}

function exists(digits: string, settings: LobbySettings, numbers: KnownNumbers): boolean {
  if (numbers.isListed(digits)) return true;
  return mayOpen(digits, settings, numbers) || (numbers.mayBeUnlisted() && numbers.isRunning(digits));
}

function mayOpen(digits: string, settings: LobbySettings, numbers: KnownNumbers): boolean {
  return numbers.mayBeUnlisted() && isNumber(digits, settings);
}

function couldGrow(digits: string, { lobbyNumbers }: LobbySettings, numbers: KnownNumbers): boolean {
  const isPattern = (pattern: string) => pattern.length > digits.length && begins(pattern, digits);
  return numbers.isBeginning(digits) || (numbers.mayBeUnlisted() && lobbyNumbers.some(isPattern));
}

function isNumber(digits: string, { lobbyNumbers }: LobbySettings): boolean {
  return lobbyNumbers.some((pattern) => pattern.length === digits.length && begins(pattern, digits));
}

/** Whether a pattern, in which X is any digit, begins with these digits. */
function begins(pattern: string, digits: string): boolean {
  return [...digits].every((digit, index) => pattern[index] === 'X' || pattern[index] === digit);
}
