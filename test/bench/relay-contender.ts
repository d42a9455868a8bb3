import type { RelayRequest } from '../../src/relay/protocol.ts';
import { RelayAlone } from '../kit/relay-alone.ts';

/** The relay as the `relay` bench measures it: all that the bench knows of its protocol. */

export const HOST = '127.0.61.1';
export const PHONE_HOST = '127.0.61.2';
/** Where the bench sends what Asterisk would. */
export const ASTERISK_PORT = 19_000;
export const FLOOR_PORT = 19_001;
/** Of the first phone, and of what sends to it; the others follow. */
export const FIRST_PORT = 20_000;
const CONFERENCE = 'bench';

/** Something that sends each packet of the floor on to all phones. */
export type RelayContender = { pid: number; floorPort: number; stop: () => Promise<void> };

export type RelayContenderParams = { count: number; threads: number };

/** It is told of legs that are up already, so that it needs no calls. */
export async function startRelay({ count, threads }: RelayContenderParams): Promise<RelayContender> {
  const ports = { first: FLOOR_PORT, last: FIRST_PORT + count + 1000 };
  const alone = await RelayAlone.start({ address: HOST, ports, threads });
  alone.request(everything(count));
  const { local } = await alone.reported('floor');
  return { pid: alone.pid, floorPort: local.port, stop: () => alone.stop() };
}

function everything(count: number): RelayRequest {
  return {
    type: 'everything',
    peers: [],
    floors: [
      {
        conference: CONFERENCE,
        asterisk: { host: HOST, port: ASTERISK_PORT },
        port: FLOOR_PORT,
        noiseDbov: -60,
        floorNoise: false,
        sampleRateHz: 8000,
        nodes: [],
      },
    ],
    listeners: Array.from({ length: count }, (_, index) => ({
      legId: String(index),
      conference: CONFERENCE,
      volume: 0,
      noise: true,
      leg: {
        port: FIRST_PORT + index,
        remote: { host: PHONE_HOST, port: FIRST_PORT + index },
        asterisk: { host: HOST, port: ASTERISK_PORT },
        codec: 'PCMU' as const,
        payloadType: 0,
        eventPayloadType: 101,
      },
    })),
  };
}
