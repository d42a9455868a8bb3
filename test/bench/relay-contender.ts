import type { RelayRequest, RtpAddress } from '../../src/relay/protocol/protocol.ts';
import { RelayAlone } from '../kit/relay-alone.ts';

/** The relay as the `relay` bench measures it: all that the bench knows of its protocol. */

export const HOST = '127.0.61.1';
export const PHONE_HOST = '127.0.61.2';
/** Where the bench sends what Asterisk would. */
export const ASTERISK_PORT = 19_000;
export const FLOOR_PORT = 19_001;
const ASTERISK_MEDIA_HOST = '127.0.61.3';

/** Of a phone, and of what sends to it: each has the port above for RTCP. */
export function portOf(index: number): number {
  return 20_000 + 2 * index;
}

const CONFERENCE = 'bench';

/** Something that sends each packet of the floor on to all phones. */
export type RelayContender = { pid: number; floor: RtpAddress; stop: () => Promise<void> };

export type RelayContenderParams = { count: number; threads: number };

/** It is told of calls that are up already. */
export async function startRelay({ count, threads }: RelayContenderParams): Promise<RelayContender> {
  const alone = await RelayAlone.start({ threads });
  alone.request(everything(count));
  const { local } = await alone.reported('floor');
  return { pid: alone.pid, floor: local, stop: () => alone.stop() };
}

function everything(count: number): RelayRequest {
  return {
    type: 'everything',
    peers: [],
    floors: [
      {
        conference: CONFERENCE,
        asterisk: { host: HOST, port: ASTERISK_PORT },
        port: null,
        noiseDbov: -60,
        floorNoise: false,
        sampleRateHz: 8000,
        nodes: [],
      },
    ],
    calls: Array.from({ length: count }, (_, index) => ({
      channelId: String(index),
      local: { host: HOST, port: portOf(index) },
      // Nobody is there: what the phones say goes nowhere.
      asterisk: { host: ASTERISK_MEDIA_HOST, port: portOf(index) },
      phone: { host: PHONE_HOST, port: portOf(index) },
      sources: [PHONE_HOST],
      signalling: null,
      codec: 'PCMU' as const,
      gate: null,
      tones: false,
      talkLevel: null,
      hearing: { conference: CONFERENCE, volume: 0, noise: true, deaf: false, packetMs: 20 as const },
      source: null,
    })),
  };
}
