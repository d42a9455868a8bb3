import type { Access } from './settings.ts';

/** A PIN being dialled. */
export type PinEntry = {
  readonly digits: string;
  readonly triesLeft: number;
  /** The try is over then: so long after the question, or after the last digit. */
  readonly deadlineMs: number;
  /** All digits are there, and further ones do not count: the PIN is about to be judged. */
  readonly complete: boolean;
  /** The dialplan lets the caller in with a PIN only, even where the profile has none any more. */
  readonly required: boolean;
};

/** Should it never be told that a prompt is over. */
export const LONGEST_PROMPT_MS = 30_000;
/** A PIN that is not judged in this time counts as not dialled. */
const LONGEST_CHECK_MS = 600_000;

export type Dialled =
  | { readonly type: 'more'; readonly entry: PinEntry }
  | { readonly type: 'complete'; readonly digits: string };

/** The caller is asked to dial the PIN now. The time counts from the end of that prompt, which is not known yet. */
export function startPinEntry(
  { triesLeft, required }: Pick<PinEntry, 'triesLeft' | 'required'>,
  access: Access,
  nowMs: number,
): PinEntry {
  const deadlineMs = nowMs + LONGEST_PROMPT_MS + access.timeoutSeconds * 1000;
  return { digits: '', triesLeft, deadlineMs, complete: false, required };
}

/** The caller has heard the prompt, or has cut it short by dialling. */
export function askedFor(entry: PinEntry, access: Access, nowMs: number): PinEntry {
  return entry.digits === '' ? { ...entry, deadlineMs: nowMs + access.timeoutSeconds * 1000 } : entry;
}

/** The PIN is about to be judged. */
export function completed(entry: PinEntry, digits: string, nowMs: number): PinEntry {
  return { ...entry, digits, complete: true, deadlineMs: nowMs + LONGEST_CHECK_MS };
}

/** Adds one digit. A PIN is complete with `#`, or when it is as long as the longest PIN; `*` and letters are ignored. */
export function dialPin(entry: PinEntry, digit: string, access: Access, nowMs: number): Dialled {
  if (entry.complete) return { type: 'more', entry };
  // Alone it belongs to the number before.
  if (digit === '#') return entry.digits === '' ? { type: 'more', entry } : { type: 'complete', digits: entry.digits };
  if (!/^\d$/.test(digit)) return { type: 'more', entry };
  const digits = entry.digits + digit;
  if (digits.length >= longestPin(access)) return { type: 'complete', digits };
  return { type: 'more', entry: { ...entry, digits, deadlineMs: nowMs + access.timeoutSeconds * 1000 } };
}

/** The role that a dialled PIN gives the caller; null if it is none of the conference's. */
export function matchPin(access: Access, digits: string): 'admin' | 'user' | null {
  if (digits === '') return null;
  if (digits === access.adminPin) return 'admin';
  return digits === access.userPin ? 'user' : null;
}

function longestPin({ userPin = '', adminPin = '' }: Access): number {
  return Math.max(userPin.length, adminPin.length);
}
