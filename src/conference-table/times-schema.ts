import { z } from 'zod';
import { isoTime, msOfIso } from '../base/iso-time.ts';
import type { OpeningTimes, Period, WeeklyTime } from './opening-times.ts';
import { momentsOf } from './wall-time.ts';

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const MINUTES_OF_DAY = 1440;
const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
const MOST_TIMES = 100;

const weekday = z.enum(WEEKDAYS, { error: `a weekday is one of ${WEEKDAYS.join(', ')}` });
const clock = z.string({ error: 'a time is text such as 09:30: put it in quotes' });

const time = z.strictObject({
  weekly: z
    .union([weekday, z.array(weekday).min(1).max(WEEKDAYS.length)], {
      error: `weekly is one of ${WEEKDAYS.join(', ')}, or a list of them`,
    })
    .optional()
    .describe('Weekdays on which the conference is open, between the times of day `from` and `until`'),
  from: clock
    .optional()
    .describe('When it opens: a date and time such as 2027-03-01 09:30, or a time of day if weekly'),
  until: clock.optional().describe('When it closes and ends, as `from`; a weekly time may end at 24:00'),
});

export const timesSchema = z.array(time).min(1, 'no times at all: leave `times` out').max(MOST_TIMES);

/** A mistake, and where it is below `times`. */
export type TimeMistake = { readonly path: readonly (string | number)[]; readonly message: string };

export type ParsedTimes = { ok: true; times: OpeningTimes } | { ok: false; mistakes: TimeMistake[] };

type Found = { index: number; period: Period } | { index: number; weekly: WeeklyTime[] };

/** Times as they are written, as values. @param zone a zone that there is */
export function parseTimes(written: z.output<typeof timesSchema>, zone: string): ParsedTimes {
  const mistakes: TimeMistake[] = [];
  const found: Found[] = [];
  for (const [index, each] of written.entries()) {
    const parsed = each.weekly === undefined ? parseDated(each, zone) : parseWeekly(each.weekly, each);
    if ('message' in parsed) mistakes.push({ path: [index, ...parsed.path], message: parsed.message });
    else found.push({ index, ...parsed });
  }
  if (mistakes.length === 0) mistakes.push(...overlaps(found));
  if (mistakes.length > 0) return { ok: false, mistakes };
  const dated = found.flatMap((each) => ('period' in each ? [each.period] : []));
  const weekly = found.flatMap((each) => ('weekly' in each ? each.weekly : []));
  return { ok: true, times: { zone, dated: dated.sort((a, b) => a.fromMs - b.fromMs), weekly } };
}

type Written = z.output<typeof time>;

function parseDated({ from, until }: Written, zone: string): { period: Period } | TimeMistake {
  if (from === undefined && until === undefined) return { path: [], message: 'neither `from` nor `until` is there' };
  const fromWall = from === undefined ? Number.NEGATIVE_INFINITY : dateOf(from);
  if (fromWall === null) return noDate({ from });
  const untilWall = until === undefined ? Number.POSITIVE_INFINITY : dateOf(until);
  if (untilWall === null) return noDate({ until });
  if (untilWall <= fromWall) return { path: ['until'], message: `is not after ${from}, when it opens` };
  const fromMs = from === undefined ? fromWall : momentsOf(zone, fromWall).firstMs;
  const untilMs = until === undefined ? untilWall : momentsOf(zone, untilWall).lastMs;
  if (fromMs < untilMs) return { period: { fromMs, untilMs } };
  return { path: Object.keys({ from }), message: `there is no such time: the clocks of ${zone} are set forward then` };
}

function parseWeekly(
  days: NonNullable<Written['weekly']>,
  { from, until }: Written,
): { weekly: WeeklyTime[] } | TimeMistake {
  const fromMinute = minuteOf(from ?? '');
  if (fromMinute === null || fromMinute === MINUTES_OF_DAY) return noClock({ from });
  const untilMinute = minuteOf(until ?? '');
  if (untilMinute === null) return noClock({ until });
  if (untilMinute <= fromMinute) {
    const message = `is not after ${from}, when it opens; a time beyond midnight is two: until 24:00, and from 00:00`;
    return { path: ['until'], message };
  }
  const weekdays = new Set([days].flat());
  return { weekly: [...weekdays].map((day) => ({ weekday: WEEKDAYS.indexOf(day), fromMinute, untilMinute })) };
}

/** Times of one kind that overlap. A date may prolong a weekly time. */
function overlaps(found: readonly Found[]): TimeMistake[] {
  const spans = found.flatMap((each): { index: number; kind: string; from: number; until: number }[] =>
    'period' in each
      ? [{ index: each.index, kind: 'dated', from: each.period.fromMs, until: each.period.untilMs }]
      : each.weekly.map(({ weekday: day, fromMinute, untilMinute }) => ({
          index: each.index,
          kind: 'weekly',
          from: day * MINUTES_OF_DAY + fromMinute,
          until: day * MINUTES_OF_DAY + untilMinute,
        })),
  );
  const inOrder = spans.sort((a, b) => a.from - b.from || a.index - b.index);
  const mistakes: TimeMistake[] = [];
  for (const kind of ['dated', 'weekly']) {
    let latest: (typeof spans)[number] | null = null;
    for (const span of inOrder.filter((each) => each.kind === kind)) {
      if (latest && span.from < latest.until) {
        const [one, other] = [latest.index, span.index].sort((a, b) => a - b);
        mistakes.push({ path: [other ?? 0], message: `overlaps the ${ordinal(one ?? 0)} of these times` });
      }
      if (!latest || span.until > latest.until) latest = span;
    }
  }
  const distinct = new Map(mistakes.map((mistake) => [`${mistake.path[0]} ${mistake.message}`, mistake]));
  return [...distinct.values()];
}

function ordinal(index: number): string {
  return ['first', 'second', 'third'][index] ?? `${index + 1}th`;
}

/** @returns ms as of `wallTimeOf`; null if there is no such date or time */
function dateOf(text: string): number | null {
  const [, date = '', time = '', second = '00'] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  const minute = minuteOf(time);
  const midnightMs = msOfIso(`${date}T00:00:00Z`);
  // A day that the month does not have would be one of the next month.
  if (minute === null || !(midnightMs >= 0) || !isoTime(midnightMs).startsWith(date)) return null;
  return midnightMs + minute * MINUTE_MS + Number(second) * SECOND_MS;
}

/** @returns minutes since midnight, 1440 for 24:00; null if it is no time of day */
function minuteOf(text: string): number | null {
  const [, hour = 99, minute = 99] = /^(\d\d):(\d\d)$/.exec(text)?.map(Number) ?? [];
  const minutes = hour * 60 + minute;
  return minute < 60 && minutes <= MINUTES_OF_DAY ? minutes : null;
}

type Given = Readonly<Record<string, string | undefined>>;

/** @param given the key and its text */
function noDate(given: Given): TimeMistake {
  const [text] = Object.values(given);
  return {
    path: Object.keys(given),
    message: `not a date and time such as "2027-03-01 09:30": ${JSON.stringify(text)}`,
  };
}

/** @param given the key and its text, if there is one */
function noClock(given: Given): TimeMistake {
  const [[key = '', text] = []] = Object.entries(given);
  if (text === undefined) return { path: [], message: `a weekly time needs \`${key}\`, such as "09:30"` };
  return { path: [key], message: `not a time of day such as "09:30": ${JSON.stringify(text)}` };
}
