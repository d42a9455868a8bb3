import { isIPv4 } from 'node:net';
import type { CallSpec } from '../relay/protocol.ts';

/**
 * What Asterisk tells of the RTP of a call, as functions of the dialplan.
 * @see https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Functions/CHANNEL/
 */

const RTP_SOURCE = 'CHANNEL(rtp,src)';
const RTP_DESTINATION = 'CHANNEL(rtp,dest)';
const SIP_REMOTE = 'CHANNEL(pjsip,remote_addr)';
const SIP_LOCAL = 'CHANNEL(pjsip,local_addr)';
const FORMATS = 'CHANNEL(audionativeformat)';
const ENCRYPTED = 'CHANNEL(rtp,secure)';

export const RTP_VARIABLES = [RTP_SOURCE, RTP_DESTINATION, SIP_REMOTE, SIP_LOCAL, FORMATS, ENCRYPTED] as const;
export type RtpValues = Readonly<Record<(typeof RTP_VARIABLES)[number], string | null>>;

/** Asterisk's names for what the relay encodes. */
const CODECS: Readonly<Record<string, CallSpec['codec']>> = { ulaw: 'PCMU', alaw: 'PCMA', g722: 'G722' };

/** The name of a SIP channel's endpoint; null for other channels. */
export function endpointOf(channelName: string): string | null {
  return /^PJSIP\/(.+)-[0-9a-f]+$/.exec(channelName)?.[1] ?? null;
}

/** The function that reads where Asterisk has the RTP of an endpoint's calls. */
export function readsMediaAddress(endpoint: string): string {
  return `PJSIP_ENDPOINT(${endpoint},media_address)`;
}

/**
 * @param mediaAddress where Asterisk has its side of the call
 * @param options.anySource the phone may send from any address
 * @returns what the relay must know, or why it cannot take the call
 */
export function callSpecOf(
  channelId: string,
  mediaAddress: string,
  values: RtpValues,
  { anySource }: { anySource: boolean },
): CallSpec | { reason: string } {
  if (values[ENCRYPTED] === '1') return { reason: 'its RTP is encrypted' };
  // Asterisk tells the right port, with an address that is not the one.
  const port = addressOf(values[RTP_SOURCE])?.port;
  const host = addressOf(values[SIP_LOCAL])?.host;
  if (port === undefined || host === undefined) return { reason: 'Asterisk does not tell its RTP port over IPv4' };
  const phone = addressOf(values[RTP_DESTINATION]);
  const signalling = addressOf(values[SIP_REMOTE])?.host;
  const sources = [...new Set([phone?.host, signalling])].filter((each) => each !== undefined);
  return {
    channelId,
    local: { host, port },
    asterisk: { host: mediaAddress, port },
    phone,
    sources: anySource ? [] : sources,
    codec: codecOf(values[FORMATS]),
    hearing: null,
    source: null,
  };
}

/** The first of `(ulaw|alaw)`, which is what Asterisk sends. */
function codecOf(formats: string | null): CallSpec['codec'] {
  const [first = ''] = (formats ?? '').replace(/[()]/g, '').split('|');
  return CODECS[first] ?? null;
}

function addressOf(text: string | null): { host: string; port: number } | null {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(text ?? '') ?? [];
  const isAddress = isIPv4(host) && host !== '0.0.0.0' && Number(port) > 0 && Number(port) < 65_536;
  return isAddress ? { host, port: Number(port) } : null;
}
