/** How many files a process may open; infinite where there is no limit. */
export type OpenFiles = { readonly soft: number; readonly hard: number };

/** @param text of /proc/<pid>/limits. @returns null if it does not have the limit */
export function parseOpenFiles(text: string): OpenFiles | null {
  const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(text) ?? [];
  return soft === undefined || hard === undefined ? null : { soft: limitOf(soft), hard: limitOf(hard) };
}

/** Files of a process that are no call's, at the least, and as a part of all: threads, floors, meters, connections. */
const LEAST_RESERVED = 100;
const RESERVED_PART = 0.1;

/** How many calls a process can have that may open so many files. */
export function callsWithin(files: number, filesPerCall: number): number {
  if (files === Number.POSITIVE_INFINITY) return files;
  const reserved = Math.max(LEAST_RESERVED, Math.floor(files * RESERVED_PART));
  return Math.max(0, Math.floor((files - reserved) / filesPerCall));
}

function limitOf(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
