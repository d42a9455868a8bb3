import type { Logger } from 'winston';
import { NORMAL_CLEARING } from '../../ari/causes.ts';
import { isChannelGone } from '../../ari/errors.ts';
import type { AriChannel, AriPort } from '../../ari/port.ts';
import type { Caller, Extension } from '../../conference/model/member.ts';
import { RESULT_VARIABLE } from './dialplan.ts';

/** Keeps something about channels for as long as they are in the application. */
export type ChannelObserver = {
  /**
   * A channel has left the application.
   * @param destroyed it has ended; otherwise it goes on in the dialplan
   */
  channelGone(channelId: string, destroyed: boolean): void;
};

/** The caller of a channel. Asterisk's default language says nothing about the caller. */
export function callerOf({ caller, language }: AriChannel): Caller {
  return { ...caller, ...(language && language !== 'en' && { language }) };
}

/** The caller's number, for the log. */
export function callerNumber({ caller }: AriChannel): string {
  return caller.number || 'unknown';
}

/** Ends a channel that is no call; harmless if it is gone. Never rejects. */
export function endChannel(ari: Pick<AriPort, 'hangUp'>, channelId: string): Promise<void> {
  return ari.hangUp(channelId, NORMAL_CLEARING).catch(() => {});
}

/** Gives a call back to the dialplan, which finds the result in ROSTRUM_RESULT. Rejects with an `AriError`. */
export async function giveBack(
  channelId: string,
  result: string,
  { ari }: { ari: Pick<AriPort, 'setVariable' | 'continueInDialplan'> },
  to?: Extension,
): Promise<void> {
  await ari.setVariable(channelId, RESULT_VARIABLE, result);
  await ari.continueInDialplan(channelId, to?.context, to?.extension);
}

/**
 * Logs the failure of some work, unless it failed because a channel has just gone.
 * @param what it was about, such as `conference 3000`
 */
export function logFailure(logger: Pick<Logger, 'warn'>, what: string, work: Promise<unknown>): void {
  work.catch((error: Error) => {
    if (!isChannelGone(error)) logger.warn(`${what}: ${error.message}`);
  });
}
