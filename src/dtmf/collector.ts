/**
 * Collects the digits that a caller dials into the sequences of a controls profile. A sequence that cannot grow into a
 * longer one fires with its last digit; otherwise it fires when the caller pauses.
 */

/** The digits dialled so far that may still become a sequence. */
export type Collector = { readonly pending: string; readonly deadlineMs: number };

export const IDLE: Collector = { pending: '', deadlineMs: Number.POSITIVE_INFINITY };

export type Collected = { collector: Collector; fired: string[] };

/** The digits of RFC 4733, section 3.2, events 0-15. */
export const DIGITS = '0123456789*#ABCD';

/** No sequence may be longer; it also bounds what a collector holds. */
export const MAX_SEQUENCE_LENGTH = 10;

/**
 * Adds one digit.
 * @param sequences all sequences of the controls profile in force
 * @param pauseMs how long to wait for the next digit of a longer sequence
 * @returns the sequences that fire now, oldest first, and what is still pending
 */
export function press(
  collector: Collector,
  digit: string,
  sequences: readonly string[],
  pauseMs: number,
  nowMs: number,
): Collected {
  const expired = expire(collector, sequences, nowMs);
  const pending = expired.collector.pending + digit;
  if (sequences.some((s) => s.length > pending.length && s.startsWith(pending))) {
    return { collector: { pending, deadlineMs: nowMs + pauseMs }, fired: expired.fired };
  }
  if (sequences.includes(pending)) return { collector: IDLE, fired: [...expired.fired, pending] };

  // A dead end: what was pending fires if it is whole, and this digit starts anew.
  if (expired.collector.pending === '') return { collector: IDLE, fired: expired.fired };
  const before = sequences.includes(expired.collector.pending) ? [expired.collector.pending] : [];
  const anew = press(IDLE, digit, sequences, pauseMs, nowMs);
  return { collector: anew.collector, fired: [...expired.fired, ...before, ...anew.fired] };
}

/** Ends a pause that has lasted long enough: what is pending fires if it is a whole sequence, and is forgotten if not. */
export function expire(collector: Collector, sequences: readonly string[], nowMs: number): Collected {
  if (nowMs < collector.deadlineMs) return { collector, fired: [] };
  return { collector: IDLE, fired: sequences.includes(collector.pending) ? [collector.pending] : [] };
}
