import { UsageError } from './errors.ts';

/** The words that may stand before the conference, from mod_xconf. */
export const SHOW_WORDS = ['status', 'members', 'hands'] as const;

export type ShowWhat = 'everything' | (typeof SHOW_WORDS)[number];

/**
 * Reads the words after `show`. One word is always a conference, so that one called `status` can be shown too, but for
 * `nodes`; of two words the first says what of it.
 */
export function parseShowWords(
  first: string,
  second: string | undefined,
): { what: ShowWhat; conference: string } | { what: 'nodes' } {
  if (first === 'nodes' && second === undefined) return { what: 'nodes' };
  if (second === undefined) return { what: 'everything', conference: first };
  const what = SHOW_WORDS.find((word) => word === first);
  if (!what) throw new UsageError(`show: "${first}" is none of ${SHOW_WORDS.join(', ')}`);
  return { what, conference: second };
}
