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

/** No conference number is longer. */
const MAX_DIGITS = 10;

export function welcomeVisitor({ tries, timeoutSeconds }: LobbySettings, nowMs: number): Visitor {
  return { digits: '', triesLeft: tries, deadlineMs: nowMs + timeoutSeconds * 1000 };
}

/**
 * Adds one digit. A number is complete with `#`, or when it cannot be a longer one.
 * @param isRunning whether a conference of that name is running; it can be joined whatever the profile says
 */
export function dial(
  visitor: Visitor,
  digit: string,
  settings: LobbySettings,
  isRunning: (conference: string) => boolean,
  nowMs: number,
): Step {
  if (digit === '#') return tryNumber(visitor, settings, isRunning, nowMs);
  if (!/^\d$/.test(digit)) return { type: 'waits', visitor };
  const digits = visitor.digits + digit;
  const dialled = { ...visitor, digits, deadlineMs: nowMs + settings.timeoutSeconds * 1000 };
  const couldGrow = settings.lobbyNumbers.some((pattern) => pattern.length > digits.length && begins(pattern, digits));
  if (digits.length >= MAX_DIGITS || (isNumber(digits, settings) && !couldGrow))
    return tryNumber(dialled, settings, isRunning, nowMs);
  return { type: 'waits', visitor: dialled };
}

/** Nobody dialled in time: what has been dialled counts. */
export function timeOut(
  visitor: Visitor,
  settings: LobbySettings,
  isRunning: (conference: string) => boolean,
  nowMs: number,
): Step {
  return nowMs < visitor.deadlineMs ? { type: 'waits', visitor } : tryNumber(visitor, settings, isRunning, nowMs);
}

function tryNumber(
  { digits, triesLeft }: Visitor,
  settings: LobbySettings,
  isRunning: (conference: string) => boolean,
  nowMs: number,
): Step {
  if (digits !== '' && (isNumber(digits, settings) || isRunning(digits))) return { type: 'joins', conference: digits };
  if (triesLeft <= 1) return { type: 'gives-up' };
  return { type: 'asks-again', visitor: { ...welcomeVisitor(settings, nowMs), triesLeft: triesLeft - 1 } };
}

function isNumber(digits: string, { lobbyNumbers }: LobbySettings): boolean {
  return lobbyNumbers.some((pattern) => pattern.length === digits.length && begins(pattern, digits));
}

/** Whether a pattern, in which X is any digit, begins with these digits. */
function begins(pattern: string, digits: string): boolean {
  return [...digits].every((digit, index) => pattern[index] === 'X' || pattern[index] === digit);
}
