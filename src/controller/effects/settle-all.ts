import { AriError, isChannelGone } from '../../ari/errors.ts';

/**
 * @returns when all are done; rejects after everything has been tried, with the gravest failure: that Asterisk has not
 * answered first, and last that a channel has just gone
 */
export async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(work);
  const failures = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length === 0) return;
  throw failures.find(isUnanswered) ?? failures.find((error) => !isChannelGone(error)) ?? failures[0];
}

function isUnanswered(error: unknown): boolean {
  return error instanceof AriError && error.code === 'unreachable';
}
