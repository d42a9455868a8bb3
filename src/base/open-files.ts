/** The limits of open files of a process; infinite where there is no limit. */
export type OpenFiles = { readonly soft: number; readonly hard: number };

/** @param text of /proc/<pid>/limits. @returns null if the text does not have the limit */
export function parseOpenFiles(text: string): OpenFiles | null {
  const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(text) ?? [];
  return soft === undefined || hard === undefined ? null : { soft: limitOf(soft), hard: limitOf(hard) };
}

/** Files that are reserved for threads, floors, meters and connections: a minimum, and a part of all files. */
const LEAST_RESERVED = 100;
const RESERVED_PART = 0.1;

/** The files that a call takes in a process. */
export const FILES_PER_CALL = { asterisk: 5, relay: 2 };

/**
 * The number of calls that a process may still get.
 * @param files that it may open
 * @param open those that it has open now, by calls or not
 */
export function callsWithin(files: number, filesPerCall: number, open = 0): number {
  if (files === Number.POSITIVE_INFINITY) return files;
  const reserved = Math.max(LEAST_RESERVED, Math.floor(files * RESERVED_PART));
  return Math.max(0, Math.floor((files - reserved - open) / filesPerCall));
}

function limitOf(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
