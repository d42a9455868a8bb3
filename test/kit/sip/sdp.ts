import { isIP, isIPv6 } from 'node:net';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** An encoding of audio that is spoken here, with the number by which an SDP calls it. */
export interface AudioFormat {
  readonly name: 'PCMU' | 'PCMA' | 'L16';
  readonly payloadType: number;
  readonly clockRateHz: 8000 | 16_000;
}

/** What the other side said about its audio stream (RFC 4566, RFC 3264). */
export interface RemoteAudio {
  /** '0.0.0.0' is the old way to say hold (RFC 2543). */
  readonly host: string;
  /** 0 when the stream is refused. */
  readonly port: number;
  /** Those that are spoken here, in its order of preference; never empty. */
  readonly codecs: readonly AudioFormat[];
  /** Payload type of telephone-event/8000, or null when it takes none. */
  readonly eventPayloadType: number | null;
  readonly ptimeMs: number | null;
  /** As seen from there: `sendonly` wants to hear nothing. */
  readonly direction: Direction;
}

export interface LocalAudio {
  readonly host: string;
  readonly port: number;
  readonly codec: AudioFormat;
  readonly ptimeMs: number;
  readonly eventPayloadType: number | null;
  readonly direction: Direction;
  /** What an odd phone makes of the description. */
  readonly alter?: ((sdp: string) => string) | undefined;
}

/** The `o=` line. Numbers fit into 32 bits, which is what PJSIP keeps. */
export interface SdpOrigin {
  readonly sessionId: number;
  /** Grows with every change of the description. */
  readonly version: number;
}

type Encoding = Omit<AudioFormat, 'payloadType'>;

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ['PCMU/8000', { name: 'PCMU', clockRateHz: 8000 }],
  ['PCMA/8000', { name: 'PCMA', clockRateHz: 8000 }],
  ['L16/8000', { name: 'L16', clockRateHz: 8000 }],
  ['L16/16000', { name: 'L16', clockRateHz: 16_000 }],
]);
/** Payload types that need no rtpmap (RFC 3551, section 6). */
const STATIC: readonly (readonly [number, string])[] = [
  [0, 'PCMU/8000'],
  [8, 'PCMA/8000'],
];
const MAX_PAYLOAD_TYPE = 127;
const MAX_PORT = 65_535;
const MAX_PTIME_MS = 200;

/** An offer or answer with one codec and, when both sides take it, telephone-event. */
export function formatSdp(local: LocalAudio, origin: SdpOrigin): string {
  const { payloadType, name, clockRateHz } = local.codec;
  const events = local.eventPayloadType;
  const address = `IN ${isIPv6(local.host) ? 'IP6' : 'IP4'} ${local.host}`;
  const sdp = [
    'v=0',
    `o=- ${origin.sessionId} ${origin.version} ${address}`,
    's=-',
    `c=${address}`,
    't=0 0',
    `m=audio ${local.port} RTP/AVP ${payloadType}${events === null ? '' : ` ${events}`}`,
    `a=rtpmap:${payloadType} ${name}/${clockRateHz}`,
    ...(events === null ? [] : [`a=rtpmap:${events} telephone-event/8000`, `a=fmtp:${events} 0-16`]),
    `a=ptime:${local.ptimeMs}`,
    `a=${local.direction}`,
    '',
  ].join('\r\n');
  return local.alter?.(sdp) ?? sdp;
}

/** Reads the first audio stream; null when there is none that carries a codec of ours. Never throws. */
export function parseSdp(body: string): RemoteAudio | null {
  let sessionHost: string | null = null;
  let mediaHost: string | null = null;
  let port: number | null = null;
  let payloadTypes: readonly number[] = [];
  let inAudio = false;
  let ptimeMs: number | null = null;
  let direction: Direction = 'sendrecv';
  const rtpmap = new Map<number, string>(STATIC);

  for (const line of body.split(/\r?\n/)) {
    const value = line.slice(2).trim();
    if (line.startsWith('m=')) {
      if (port !== null) break;
      const media = /^audio (\d{1,5})(?:\/\d+)? RTP\/AVPF? ([\d ]+)$/.exec(value);
      inAudio = media !== null;
      if (media === null) continue;
      port = Number(media[1]);
      payloadTypes = (media[2] ?? '').trim().split(/ +/).map(Number);
    } else if (line.startsWith('c=')) {
      const host = connectionAddress(value);
      if (inAudio) mediaHost = host;
      else if (port === null) sessionHost ??= host;
    } else if (line.startsWith('a=')) {
      const map = /^rtpmap:(\d{1,3}) ([^\s]+)/.exec(value);
      if (map !== null) rtpmap.set(Number(map[1]), (map[2] ?? '').replace(/\/1$/, '').toUpperCase());
      const ptime = /^ptime:(\d{1,3})$/.exec(value);
      if (ptime !== null) ptimeMs = Number(ptime[1]);
      if (isDirection(value)) direction = value;
    }
  }

  const host = mediaHost ?? sessionHost;
  const codecs = payloadTypes.flatMap((payloadType) => formatOf(payloadType, rtpmap) ?? []);
  if (host === null || port === null || port > MAX_PORT || codecs.length === 0) return null;
  const eventPayloadType = payloadTypes.find((type) => rtpmap.get(type) === 'TELEPHONE-EVENT/8000') ?? null;
  if (ptimeMs !== null && (ptimeMs === 0 || ptimeMs > MAX_PTIME_MS)) ptimeMs = null;
  return { host, port, codecs, eventPayloadType, ptimeMs, direction };
}

/** How many streams a description has, of any kind: an answer must have as many (RFC 3264, section 6). */
export function countStreams(body: string): number {
  return body.match(/^m=/gm)?.length ?? 0;
}

/** The address in a `c=` line; null if its kind is another one than the line says. */
function connectionAddress(value: string): string | null {
  const [, version, host = ''] = /^IN IP([46]) ([^\s/]+)/.exec(value) ?? [];
  return version === String(isIP(host)) ? host : null;
}

function formatOf(payloadType: number, rtpmap: ReadonlyMap<number, string>): AudioFormat | null {
  const encoding = ENCODINGS.get(rtpmap.get(payloadType) ?? '');
  return encoding === undefined || payloadType > MAX_PAYLOAD_TYPE ? null : { ...encoding, payloadType };
}

function isDirection(value: string): value is Direction {
  return value === 'sendrecv' || value === 'sendonly' || value === 'recvonly' || value === 'inactive';
}

/** Our direction in an answer to theirs (RFC 3264, section 6.1). */
export function answerDirection(offered: Direction): Direction {
  switch (offered) {
    case 'sendonly':
      return 'recvonly';
    case 'recvonly':
      return 'sendonly';
    case 'inactive':
      return 'inactive';
    case 'sendrecv':
      return 'sendrecv';
  }
}
