import type { OutgoingStreamState } from '../rtp/outgoing-stream.ts';
import type { ReceptionState } from '../rtp/reception.ts';
import type { PhoneReport } from './call-rtcp.ts';
import type { PhoneSourceState } from './phone-source.ts';
import type { CallSpec, FloorWish, RtpAddress, TrunkPeerWish } from './protocol.ts';
import type { TrunkOptions } from './worker-messages.ts';

/**
 * What a relay hands over to the one that succeeds it: messages that carry descriptors of sockets (`udp/descriptors.ts`). Each
 * media thread sends those of its own, as the last that it does.
 */

/** Of the messages below. A relay whose version is another cannot be succeeded. */
export const SUCCESSION_VERSION = 1;

export type CallState = {
  readonly spec: CallSpec;
  readonly stream: OutgoingStreamState;
  readonly reception: ReceptionState;
  readonly source: PhoneSourceState;
  readonly rtcp: { readonly told: PhoneReport | null; readonly answeredAtMs: number };
  readonly isConnected: boolean;
  readonly everyNth: number;
  readonly heardAtMs: number;
  readonly toldSilentAtMs: number;
  readonly payloadBytes: number;
  readonly packetsBefore: number;
  readonly idleSinceMs: number;
  /** How many descriptors it has: that of RTP, and that of RTCP if it could be opened. */
  readonly sockets: number;
};

export type FloorState = {
  readonly wish: FloorWish;
  readonly local: RtpAddress;
  /** Of the last packet to Asterisk. */
  readonly header: { readonly sequence: number; readonly timestamp: number; readonly ssrc: number };
};

export type TrunkPlace = Pick<TrunkOptions, 'bind' | 'multicast'>;

export type SuccessionMessage =
  /** Nothing has been stopped yet. */
  | { readonly type: 'begin' }
  | { readonly type: 'floors'; readonly floors: readonly FloorState[] }
  | { readonly type: 'trunk'; readonly place: TrunkPlace }
  /** A thread's sockets towards Asterisk, before the calls that use them: RTP and RTCP. */
  | { readonly type: 'asterisk'; readonly thread: number }
  | { readonly type: 'calls'; readonly thread: number; readonly calls: readonly CallState[] }
  /** There is no more. */
  | { readonly type: 'end'; readonly peers: readonly TrunkPeerWish[] };

export type SuccessionPart = { readonly text: string; readonly descriptors: readonly number[] };

/** By thread: `performance.now()` counts from another moment in each, the machine's monotone clock does not. */
const TIMES: ReadonlySet<string> = new Set([
  'timestampMs',
  'passedMs',
  'arrivedMs',
  'heardAtMs',
  'toldSilentAtMs',
  'idleSinceMs',
  'answeredAtMs',
]);

export function encodeSuccession(message: SuccessionMessage): string {
  const beganMs = threadBeganMs();
  return JSON.stringify(message, (key, value) => (TIMES.has(key) ? value + beganMs : value));
}

/** In the thread that goes on with it. */
export function decodeSuccession(text: string): SuccessionMessage {
  const beganMs = threadBeganMs();
  // JSON has null for times that have never been.
  const timeOf = (value: number | null) => (value === null ? Number.NEGATIVE_INFINITY : value - beganMs);
  return JSON.parse(text, (key, value) => (TIMES.has(key) ? timeOf(value) : value));
}

function threadBeganMs(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}
