import { type AudioCodec, payloadTypeOf, sampleRateHz } from './codec.ts';

export const TELEPHONE_EVENT_PAYLOAD_TYPE = 101;

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What the other side said about its audio stream (RFC 4566, RFC 3264). */
export interface RemoteAudio {
  readonly host: string;
  readonly port: number;
  /** Those that a phone speaks, in its order of preference. */
  readonly codecs: readonly AudioCodec[];
  /** Payload type of telephone-event/8000, or null when it takes none. */
  readonly eventPayloadType: number | null;
  readonly ptimeMs: number | null;
  readonly direction: Direction;
}

export interface LocalAudio {
  readonly host: string;
  readonly port: number;
  readonly codec: AudioCodec;
  readonly ptimeMs: number;
  readonly eventPayloadType: number;
  readonly direction: Direction;
}

const NAMES: ReadonlyMap<string, AudioCodec> = new Map([
  ['PCMU/8000', 'PCMU'],
  ['PCMA/8000', 'PCMA'],
  ['L16/16000', 'L16'],
]);

/** An offer or answer with one codec and telephone-event. */
export function formatSdp(local: LocalAudio): string {
  const audio = payloadTypeOf(local.codec);
  return [
    'v=0',
    `o=- 1 1 IN IP4 ${local.host}`,
    's=phone',
    `c=IN IP4 ${local.host}`,
    't=0 0',
    `m=audio ${local.port} RTP/AVP ${audio} ${local.eventPayloadType}`,
    `a=rtpmap:${audio} ${local.codec}/${sampleRateHz(local.codec)}`,
    `a=rtpmap:${local.eventPayloadType} telephone-event/8000`,
    `a=fmtp:${local.eventPayloadType} 0-16`,
    `a=ptime:${local.ptimeMs}`,
    `a=${local.direction}`,
    '',
  ].join('\r\n');
}

/** Reads the first audio stream; null when there is none that carries a codec of ours over IPv4. */
export function parseSdp(body: string): RemoteAudio | null {
  let sessionHost: string | null = null;
  let mediaHost: string | null = null;
  let port: number | null = null;
  let payloadTypes: readonly number[] = [];
  let inAudio = false;
  let ptimeMs: number | null = null;
  let direction: Direction = 'sendrecv';
  const rtpmap = new Map<number, string>([
    [payloadTypeOf('PCMU'), 'PCMU/8000'],
    [payloadTypeOf('PCMA'), 'PCMA/8000'],
  ]);

  for (const line of body.split(/\r?\n/)) {
    const value = line.slice(2).trim();
    if (line.startsWith('m=')) {
      if (port !== null) break;
      const media = /^audio (\d+)(?:\/\d+)? RTP\/AVPF? ([\d ]+)$/.exec(value);
      inAudio = media !== null;
      if (media === null) continue;
      port = Number(media[1]);
      payloadTypes = (media[2] ?? '').trim().split(/ +/).map(Number);
    } else if (line.startsWith('c=')) {
      const host = /^IN IP4 ([^\s/]+)/.exec(value)?.[1] ?? null;
      if (inAudio) mediaHost = host;
      else if (port === null) sessionHost ??= host;
    } else if (line.startsWith('a=')) {
      const map = /^rtpmap:(\d+) ([^\s]+)/.exec(value);
      if (map !== null) rtpmap.set(Number(map[1]), (map[2] ?? '').replace(/\/1$/, '').toUpperCase());
      const ptime = /^ptime:(\d+)/.exec(value);
      if (ptime !== null) ptimeMs = Number(ptime[1]);
      if (isDirection(value)) direction = value;
    }
  }

  const host = mediaHost ?? sessionHost;
  const codecs = payloadTypes.flatMap((type) => NAMES.get(rtpmap.get(type) ?? '') ?? []);
  if (host === null || port === null || port > 65535 || codecs.length === 0) return null;
  const eventPayloadType = payloadTypes.find((type) => rtpmap.get(type) === 'TELEPHONE-EVENT/8000') ?? null;
  return { host, port, codecs, eventPayloadType, ptimeMs, direction };
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
