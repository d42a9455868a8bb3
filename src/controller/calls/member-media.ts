import type { AriMedia, AriPort } from '../../ari/port.ts';
import type { RelayLink } from '../relay/relay-link.ts';

/** The RTP of a member's call: as the relay knows it, or Asterisk where the relay has nothing to do with the call. */
export type MemberMedia = AriMedia & {
  /** Variation of the delay, of the packets from the phone and of those to it; null where it is not reported. */
  readonly jitterMs: number | null;
  readonly jitterAtPhoneMs: number | null;
  /** Since the last packet from the phone; null if the relay does not have the call. */
  readonly silentSeconds: number | null;
};

/** @returns null if the call has no RTP, or is gone. Rejects with an `AriError` */
export async function readMedia(
  channelId: string,
  { ari, link }: { ari: AriPort; link: RelayLink },
): Promise<MemberMedia | null> {
  if (link.callOf(channelId) === null) {
    const media = await ari.readMedia(channelId);
    return media && { ...media, jitterMs: null, jitterAtPhoneMs: null, silentSeconds: null };
  }
  const [statistics, formats] = await Promise.all([
    link.statisticsOf(channelId),
    ari.getVariable(channelId, 'CHANNEL(audionativeformat)'),
  ]);
  if (!statistics) return null;
  const { packetsReceived, packetsLost, packetsSent, packetsLostByPhone, roundTripMs, ...more } = statistics;
  return {
    codec: formats?.replace(/[()]/g, '') ?? '',
    packetsReceived,
    packetsLost,
    packetsSent,
    packetsLostBySide: packetsLostByPhone ?? 0,
    roundTripMs: roundTripMs ?? 0,
    ...more,
  };
}
