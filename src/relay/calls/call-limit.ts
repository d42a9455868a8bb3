import { readFile } from 'node:fs/promises';
import { callsWithin, parseOpenFiles } from '../../base/open-files.ts';

/** RTP and RTCP need one file each. */
const FILES_PER_CALL = 2;

/** How many calls this process can have, since each needs two of the files that it may open. */
export type CallLimit = { readonly calls: number; readonly files: number };

/** Infinite where the system has no limit, or does not report it. */
export async function readCallLimit(): Promise<CallLimit> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  return callLimitOf(parseOpenFiles(text)?.soft ?? Number.POSITIVE_INFINITY);
}

export function callLimitOf(files: number): CallLimit {
  return { calls: callsWithin(files, FILES_PER_CALL), files };
}
