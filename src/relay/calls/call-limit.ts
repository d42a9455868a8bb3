import { callsWithin, FILES_PER_CALL } from '../../base/open-files.ts';
import { readFileLimits } from '../../process/open-files.ts';

/** How many calls this process can have, since each needs some of the files that it may open: for RTP and RTCP. */
export type CallLimit = { readonly calls: number; readonly files: number };

/** Infinite where the system has no limit, or does not report it. */
export async function readCallLimit(): Promise<CallLimit> {
  return callLimitOf((await readFileLimits('self'))?.soft ?? Number.POSITIVE_INFINITY);
}

export function callLimitOf(files: number): CallLimit {
  return { calls: callsWithin(files, FILES_PER_CALL.relay), files };
}
