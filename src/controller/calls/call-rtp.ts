import { isIP, isIPv6 } from 'node:net';
import type { Path } from '../../conference/model/member.ts';
import type { CallSpec } from '../../relay/protocol/protocol.ts';
import { canonicalHost, isAnyAddress } from '../../udp/socket-address.ts';
import { PHONE_HOLD } from '../asterisk/dialplan.ts';

/**
 * The functions of the dialplan by which Asterisk tells about the RTP of a call.
 * @see https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Functions/CHANNEL/
 */

const RTP_SOURCE = 'CHANNEL(rtp,src)';
const RTP_DESTINATION = 'CHANNEL(rtp,dest)';
/** The address that the caller's SIP comes from. */
export const SIP_REMOTE = 'CHANNEL(pjsip,remote_addr)';
const SIP_LOCAL = 'CHANNEL(pjsip,local_addr)';
const FORMATS = 'CHANNEL(audionativeformat)';
const ENCRYPTED = 'CHANNEL(rtp,secure)';
/** How Asterisk understands the keys of this phone. */
const KEYS = 'PJSIP_DTMF_MODE()';
const SIP_TARGET = 'CHANNEL(pjsip,target_uri)';
/** The length of the description that has come with a call; 0 if the phone leaves the offer to Asterisk. */
export const OFFER_BYTES = 'PJSIP_HEADER(read,Content-Length)';

/** The functions to read for a call that has come. */
export const INCOMING_VARIABLES = [
  RTP_SOURCE,
  RTP_DESTINATION,
  SIP_REMOTE,
  SIP_LOCAL,
  FORMATS,
  ENCRYPTED,
  KEYS,
  PHONE_HOLD,
] as const;
/** The functions to read for a call to a phone; Asterisk does not tell its own address then. */
export const OUTGOING_VARIABLES = [
  RTP_SOURCE,
  RTP_DESTINATION,
  SIP_TARGET,
  FORMATS,
  ENCRYPTED,
  KEYS,
  PHONE_HOLD,
] as const;
type Variable = (typeof INCOMING_VARIABLES | typeof OUTGOING_VARIABLES)[number] | typeof OFFER_BYTES;
export type RtpValues = Readonly<Partial<Record<Variable, string | null>>>;

/** The modes in which Asterisk looks for keys in the audio; with `auto`, of phones that do not offer RFC 4733. */
const TONES: ReadonlySet<string> = new Set(['inband', 'auto']);

/** From there the relay sends to Asterisk; see `asterisk-side.ts`. */
const RELAY_HOSTS: readonly string[] = ['127.0.0.1', '::1'];
const MOST_SOURCES = 4;

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

/** The function that reads how the RTP of an endpoint's calls is encrypted. */
export function readsEncryption(endpoint: string): string {
  return `PJSIP_ENDPOINT(${endpoint},media_encryption)`;
}

/** The function that reads by which transport Asterisk calls phones of an endpoint. */
export function readsTransport(endpoint: string): string {
  return `PJSIP_ENDPOINT(${endpoint},transport)`;
}

export type CallRtpOptions = {
  /** Where Asterisk has its side of the call. */
  mediaAddress: string;
  /** The address of this host by which a phone was called; null for a call that has come, of which Asterisk tells. */
  localHost: string | null;
  /** The phone may send from any address. */
  anySource: boolean;
};

/** @returns what the relay must know, or why it cannot take the call */
export function callSpecOf(
  channelId: string,
  values: RtpValues,
  { mediaAddress, localHost, anySource }: CallRtpOptions,
): CallSpec | { reason: string } {
  if (values[ENCRYPTED] === '1') return { reason: 'its RTP is encrypted' };
  const source = addressOf(values[RTP_SOURCE]);
  const port = source?.port;
  // A UDP transport that is bound to all addresses does not tell which one was called: then it is that of the route to the phone.
  const host = localHost ?? addressOf(values[SIP_LOCAL])?.host ?? source?.host;
  if (port === undefined || host === undefined) return { reason: 'Asterisk does not tell its RTP port' };
  const phone = addressOf(values[RTP_DESTINATION]);
  const signalling = addressOf(values[SIP_REMOTE] ?? hostPortIn(values[SIP_TARGET]))?.host;
  const versions = new Set([host, mediaAddress, phone?.host ?? host, signalling ?? host].map(isIPv6));
  if (versions.size > 1) return { reason: 'its endpoint has a media_address of another IP version' };
  const sources = [...new Set([phone?.host, signalling])].filter((each) => each !== undefined);
  return {
    channelId,
    local: { host, port },
    asterisk: { host: mediaAddress, port },
    phone,
    sources: anySource ? [] : sources,
    signalling: signalling ?? null,
    codec: codecOf(values[FORMATS]),
    gate: null,
    tones: TONES.has(values[KEYS] ?? ''),
    talkLevel: null,
    hearing: null,
    source: null,
  };
}

/** The functions to read for a call whose phone may have described its audio again. */
export const CHANGED_VARIABLES = [RTP_DESTINATION, FORMATS] as const;

/** @returns the call as its phone describes it now */
export function describedAgain(call: CallSpec, values: RtpValues): CallSpec {
  const told = addressOf(values[RTP_DESTINATION]);
  // Once Asterisk has got RTP from the relay, it tells the relay's address.
  const isPhone = told && !RELAY_HOSTS.includes(told.host) && isIPv6(told.host) === isIPv6(call.local.host);
  const phone = isPhone ? told : call.phone;
  const { signalling } = call;
  // Behind NAT, packets come only from where the signalling comes from.
  const hosts = new Set([...(phone ? [phone.host] : []), ...(signalling ? [signalling] : []), ...call.sources]);
  const sources = call.sources.length > 0 ? [...hosts].slice(0, MOST_SOURCES) : [];
  return { ...call, codec: codecOf(values[FORMATS]), phone, sources };
}

/** The first of `(ulaw|alaw)`, which is what Asterisk sends. */
function codecOf(formats: string | null | undefined): CallSpec['codec'] {
  const [first = ''] = (formats ?? '').replace(/[()]/g, '').split('|');
  return CODECS[first] ?? null;
}

/** The host and port in a URI such as `sip:phone@192.0.2.2:5060` or `sip:phone@[2001:db8::2]`. */
function hostPortIn(uri: string | null | undefined): string | null {
  const [, host = '', port = '5060'] = /@(\[[\dA-Fa-f:.]+\]|[\d.]+)(?::(\d+))?/.exec(uri ?? '') ?? [];
  return host === '' ? null : `${host}:${port}`;
}

/** Addresses of one link alone (`fe80::1%eth0`) are none: the port cannot be opened for them. */
function addressOf(text: string | null | undefined): { host: string; port: number } | null {
  const [, host = '', port = ''] = /^\[?([^%\]]*)\]?:(\d+)$/.exec(text ?? '') ?? [];
  const isAddress = isIP(host) > 0 && !isAnyAddress(host) && Number(port) > 0 && Number(port) < 65_536;
  return isAddress ? { host: canonicalHost(host), port: Number(port) } : null;
}

/** How a member of such a call hears a conference as a listener. */
export function pathOf({ codec }: CallSpec): Path {
  return codec === null ? { at: 'bridge', reason: 'a codec that the relay does not encode' } : { at: 'relay' };
}
