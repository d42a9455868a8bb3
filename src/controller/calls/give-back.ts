import type { AriPort } from '../../ari/port.ts';
import { RESULT_VARIABLE } from '../asterisk/dialplan.ts';

/** Gives a call back to the dialplan, which finds the result in ROSTRUM_RESULT. Rejects with an `AriError`. */
export async function giveBack(
  channelId: string,
  result: string,
  { ari }: { ari: Pick<AriPort, 'setVariable' | 'continueInDialplan'> },
): Promise<void> {
  await ari.setVariable(channelId, RESULT_VARIABLE, result);
  await ari.continueInDialplan(channelId);
}
