import type { ConferenceProfile } from '../profiles/conference-schema.ts';

/** A PIN being dialled. */
export type PinEntry = {
  readonly digits: string;
  readonly triesLeft: number;
  /** The try is over then. */
  readonly deadlineMs: number;
  /** Keys before this time do not count: the caller is being slowed down. */
  readonly closedUntilMs: number;
};

export type Access = ConferenceProfile['access'];

/** What a dialled PIN makes of the caller; null if it is none of the conference's. */
export type PinMatch = 'admin' | 'user' | null;

export type Dialled =
  | { readonly type: 'more'; readonly entry: PinEntry }
  | { readonly type: 'complete'; readonly digits: string };

/** @param delayMs how long the caller is kept waiting before this try */
export function startPinEntry(access: Access, triesLeft: number, nowMs: number, delayMs = 0): PinEntry {
  const opensAtMs = nowMs + delayMs;
  return {
    digits: '',
    triesLeft,
    closedUntilMs: opensAtMs,
    deadlineMs: opensAtMs + access.timeoutSeconds * 1000,
  };
}

/** Takes one key. A PIN is complete with `#`, or with as many digits as the longest PIN has. Other keys are ignored. */
export function dialPin(entry: PinEntry, key: string, access: Access, nowMs: number): Dialled {
  if (nowMs < entry.closedUntilMs) return { type: 'more', entry };
  // Alone it belongs to the number before.
  if (key === '#') return entry.digits === '' ? { type: 'more', entry } : { type: 'complete', digits: entry.digits };
  if (!/^\d$/.test(key)) return { type: 'more', entry };
  const digits = entry.digits + key;
  if (digits.length >= longestPin(access)) return { type: 'complete', digits };
  return { type: 'more', entry: { ...entry, digits, deadlineMs: nowMs + access.timeoutSeconds * 1000 } };
}

export function matchPin(access: Access, digits: string): PinMatch {
  if (digits === '') return null;
  if (digits === access.adminPin) return 'admin';
  return digits === access.userPin ? 'user' : null;
}

function longestPin({ userPin = '', adminPin = '' }: Access): number {
  return Math.max(userPin.length, adminPin.length);
}
