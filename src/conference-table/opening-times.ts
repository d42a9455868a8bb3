import { momentsOf, wallTimeOf } from './wall-time.ts';

/** When a conference may be joined. Without any, always. */
export type OpeningTimes = {
  /** A name of the time zone database, such as `Europe/Berlin`. */
  readonly zone: string;
  /** In order, and none overlaps another. Infinity where there is no beginning or no end. */
  readonly dated: readonly Period[];
  readonly weekly: readonly WeeklyTime[];
};

/** ms since 1970. */
export type Period = { readonly fromMs: number; readonly untilMs: number };

export type WeeklyTime = {
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Since midnight, by the clocks of the zone; `untilMinute` is at most 1440. */
  readonly fromMinute: number;
  readonly untilMinute: number;
};

/** Whether a conference is open at a moment. */
export type Opening =
  /** `closesMs` is infinity where no end is in sight. */
  | { readonly open: true; readonly closesMs: number }
  /** `opensMs` is null where it does not open any more. */
  | { readonly open: false; readonly opensMs: number | null };

const ALWAYS: Opening = { open: true, closesMs: Number.POSITIVE_INFINITY };
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const WEEKDAYS = 7;
/** 1970 began with a Thursday. */
const FIRST_WEEKDAY = 4;
/** A weekly time may not be there once, where the clocks skip it. */
const DAYS_AHEAD = 15;

/**
 * Whether a conference is open. Where the clocks are set back and show a time twice, a beginning means the first time
 * and an end the second; a time that they skip counts as the moment at which they are set forward.
 * @param atMs since 1970, by the wall clock
 */
export function openingAt(times: OpeningTimes | null, atMs: number): Opening {
  if (times === null || times.dated.length + times.weekly.length === 0) return ALWAYS;
  const periods = joined([...times.dated, ...weeklyPeriods(times, atMs)]);
  const now = periods.find(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
  if (now) return { open: true, closesMs: now.untilMs };
  const next = periods.find(({ fromMs }) => fromMs > atMs);
  return { open: false, opensMs: next?.fromMs ?? null };
}

/** The weekly times of the days around a moment. One that goes on for longer than that has no end in sight. */
function weeklyPeriods({ zone, weekly }: OpeningTimes, atMs: number): Period[] {
  if (weekly.length === 0) return [];
  const today = Math.floor(wallTimeOf(zone, atMs) / DAY_MS);
  const lastDay = today + DAYS_AHEAD;
  const days = Array.from({ length: DAYS_AHEAD + 2 }, (_, index) => today - 1 + index);
  return days.flatMap((day) =>
    weekly
      .filter(({ weekday }) => weekday === (day + FIRST_WEEKDAY) % WEEKDAYS)
      .map(({ fromMinute, untilMinute }) => {
        const { firstMs: fromMs } = momentsOf(zone, day * DAY_MS + fromMinute * MINUTE_MS);
        const { lastMs: untilMs } = momentsOf(zone, day * DAY_MS + untilMinute * MINUTE_MS);
        const goesOn = day === lastDay && untilMinute * MINUTE_MS === DAY_MS;
        return { fromMs, untilMs: goesOn ? Number.POSITIVE_INFINITY : untilMs };
      })
      .filter(({ fromMs, untilMs }) => fromMs < untilMs),
  );
}

/** In order; what overlaps, or begins when another one ends, is one period. */
function joined(periods: readonly Period[]): Period[] {
  const result: Period[] = [];
  for (const period of [...periods].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (!last || period.fromMs > last.untilMs) result.push(period);
    else result[result.length - 1] = { fromMs: last.fromMs, untilMs: Math.max(last.untilMs, period.untilMs) };
  }
  return result;
}
