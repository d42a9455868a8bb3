import type { AriPort } from '../../ari/port.ts';
import { PLAYER, PLAYER_CONTEXT } from '../asterisk/dialplan.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';

/** For the one end to answer the other, which happens at once. */
const ANSWER_TIMEOUT_SECONDS = 10;

/**
 * Makes the two ends of a Local channel, named by what they are for: what Asterisk plays to the one is heard where the
 * other is put. Both enter the application. Rejects with an `AriError`, status 409 if they are there already.
 */
export async function openPlayer(ari: AriPort, names: ObjectNames, playbackId: string): Promise<void> {
  await ari.originate({
    channelId: names.playerOnFloor(playbackId),
    otherChannelId: names.player(playbackId),
    // With another codec it is heard 6 dB too softly.
    formats: 'slin',
    endpoint: `Local/s@${PLAYER_CONTEXT}/n`,
    application: names.application,
    args: [PLAYER],
    callerId: 'Rostrum',
    timeoutSeconds: ANSWER_TIMEOUT_SECONDS,
  });
}
