// biome-ignore-all lint/style/noRestrictedGlobals: these functions format and parse given times, and read no clock

/** `2026-01-05T10:15:00.123Z` */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** @returns milliseconds since 1970; NaN if the text is not a time */
export function msOfIso(iso: string): number {
  return Date.parse(iso);
}

/** Milliseconds since 1970 of a time in UTC. @param month from 1 */
export function utcMs(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** For names of files: `20260105T101500123Z` (ISO 8601, basic format, without the point). */
export function compactTime(ms: number): string {
  return isoTime(ms).replace(/[-:.]/g, '');
}

/** @returns the time in extended format, or null if the text is not one of `compactTime` */
export function isoOfCompact(compact: string): string | null {
  const iso = compact.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/, '$1-$2-$3T$4:$5:$6.$7Z');
  return iso !== compact && !Number.isNaN(msOfIso(iso)) ? iso : null;
}
