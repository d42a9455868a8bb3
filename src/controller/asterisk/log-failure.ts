import type { Logger } from 'winston';
import { isChannelGone } from '../../ari/errors.ts';

/**
 * Logs the failure of some work, unless it failed because a channel has just gone.
 * @param what it was about, such as `conference 3000`
 */
export function logFailure(logger: Pick<Logger, 'warn'>, what: string, work: Promise<unknown>): void {
  work.catch((error: Error) => {
    if (!isChannelGone(error)) logger.warn(`${what}: ${error.message}`);
  });
}
