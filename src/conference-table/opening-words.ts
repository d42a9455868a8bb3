import { wallTimeOf } from './wall-time.ts';

/** A moment in words that callers hear, in their language and by the clocks of a zone. */
export type OpeningWords = {
  /** Such as `today`, `tomorrow` or `Tuesday, December 1`. */
  readonly day: string;
  /** Such as `10:00 AM`. */
  readonly time: string;
  /** 0 to 23, and 0 to 59. */
  readonly hour: number;
  readonly minute: number;
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Without its year, a date within this time is not mistaken for another one. */
const SAME_YEAR_DAYS = 300;

/**
 * When a conference opens, in words.
 * @param language such as `en` or `pt_BR`; English where it is not known
 */
export function openingWords(opensMs: number, zone: string, language: string, nowMs: number): OpeningWords {
  const wallMs = wallTimeOf(zone, opensMs);
  const inDays = Math.floor(wallMs / DAY_MS) - Math.floor(wallTimeOf(zone, nowMs) / DAY_MS);
  const locale = localeOf(language);
  const format = (options: Intl.DateTimeFormatOptions) =>
    // Some locales have blanks that a voice does not know.
    new Intl.DateTimeFormat(locale, { ...options, timeZone: zone }).format(opensMs).replaceAll(/\s/g, ' ');
  const date: Intl.DateTimeFormatOptions = { weekday: 'long', day: 'numeric', month: 'long' };
  if (inDays > SAME_YEAR_DAYS) date.year = 'numeric';
  const day =
    inDays <= 1 ? new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(inDays, 'day') : format(date);
  const ofDayMs = wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS;
  return {
    day,
    time: format({ hour: 'numeric', minute: '2-digit' }),
    hour: Math.floor(ofDayMs / HOUR_MS),
    minute: Math.floor((ofDayMs % HOUR_MS) / MINUTE_MS),
  };
}

function localeOf(language: string): string {
  try {
    return Intl.getCanonicalLocales(language.replace('_', '-'))[0] ?? 'en';
  } catch {
    return 'en';
  }
}
