import { BoundedMap } from '../base/bounded-map.ts';
import { utcMs } from '../base/iso-time.ts';

/** The moments at which the clocks of a zone show a time: two of them where the clocks are set back in between. */
export type Moments = { readonly firstMs: number; readonly lastMs: number };

const DAY_MS = 86_400_000;
const SECOND_MS = 1000;
/** There are some 400 zones. */
const MOST_ZONES = 500;

const clocks = new BoundedMap<string, Intl.DateTimeFormat>(MOST_ZONES);

/** Whether it is the name of a time zone, such as `Europe/Berlin`. */
export function isTimeZone(zone: string): boolean {
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

/**
 * The time that the clocks of a zone show, as ms since 1970 as if it were that of UTC.
 * @param atMs since 1970
 */
export function wallTimeOf(zone: string, atMs: number): number {
  return atMs + offsetMs(zone, atMs);
}

/**
 * When the clocks of a zone show a time. A time that they skip, because they are set forward, counts as the moment at
 * which they are set.
 * @param wallMs the time, as of `wallTimeOf`
 */
export function momentsOf(zone: string, wallMs: number): Moments {
  const before = offsetMs(zone, wallMs - DAY_MS);
  const after = offsetMs(zone, wallMs + DAY_MS);
  if (before === after) return { firstMs: wallMs - before, lastMs: wallMs - before };
  const shown = [wallMs - before, wallMs - after].filter((atMs) => wallTimeOf(zone, atMs) === wallMs);
  if (shown.length > 0) return { firstMs: Math.min(...shown), lastMs: Math.max(...shown) };
  const setMs = changeBetween(zone, wallMs - after, wallMs - before);
  return { firstMs: setMs, lastMs: setMs };
}

/** When the clocks are set, to the second. */
function changeBetween(zone: string, fromMs: number, untilMs: number): number {
  const after = offsetMs(zone, untilMs);
  let early = Math.floor(fromMs / SECOND_MS);
  let late = Math.ceil(untilMs / SECOND_MS);
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2);
    if (offsetMs(zone, middle * SECOND_MS) === after) late = middle;
    else early = middle;
  }
  return late * SECOND_MS;
}

/** How far the clocks of a zone are ahead of UTC. */
function offsetMs(zone: string, atMs: number): number {
  const parts = new Map(
    clockOf(zone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const shownMs = utcMs(part('year'), part('month'), part('day'), part('hour'), part('minute'), part('second'));
  return shownMs - Math.floor(atMs / SECOND_MS) * SECOND_MS;
}

/** @throws RangeError if there is no such zone */
function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known) return known;
  const clock = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  clocks.set(zone, clock);
  return clock;
}
