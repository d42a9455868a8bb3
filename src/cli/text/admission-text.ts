import type { StatusView } from '../../api/schemas.ts';

/** Calls that come in, in a line. */
export function admissionText({ waiting, longestMs, perSecond, limit, refused }: StatusView['admission']): string {
  const line = waiting === 0 ? 'nobody waits' : `${waiting} wait, the longest for ${(longestMs / 1000).toFixed(1)} s`;
  return `${line}; ${perSecond}/s let in, at most ${limit} at once; ${refused} refused`;
}
