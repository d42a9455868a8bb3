import type { AriPort } from '../ari/port.ts';
import { type Names, RESULT_VARIABLE } from './names.ts';

/**
 * Gives a call back to the dialplan, which finds the result in ROSTRUM_RESULT. Its end is still told, as its RTP goes
 * through the relay until then. Rejects with an `AriError`.
 */
export async function giveBack(
  channelId: string,
  result: string,
  { ari, names }: { ari: Pick<AriPort, 'setVariable' | 'subscribeToChannels' | 'continueInDialplan'>; names: Names },
): Promise<void> {
  await ari.setVariable(channelId, RESULT_VARIABLE, result);
  await ari.subscribeToChannels(names.application, [channelId]);
  await ari.continueInDialplan(channelId);
}
