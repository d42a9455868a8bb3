import type { IncomingStreamState } from '../../rtp/incoming-stream.ts';
import type { OutgoingStreamState } from '../../rtp/outgoing-stream.ts';
import type { StreamPosition } from '../../rtp/packet.ts';
import type { ReceptionState } from '../../rtp/reception.ts';
import type { TrunkOptions } from '../protocol/media-messages.ts';
import {
  type CallSpec,
  completeCall,
  type FloorSpec,
  type RtpAddress,
  type TrunkPeerSpec,
} from '../protocol/protocol.ts';

/**
 * The state that a relay hands over to its successor: messages that carry descriptors of sockets
 * (`udp/descriptors.ts`). Each media thread sends its own ones as its last action.
 */

/** The version of the messages below. A relay can only succeed one of the same version. */
export const SUCCESSION_VERSION = 5;

/** A phone's report about the audio that it receives. */
export type PhoneReport = {
  readonly packetsLost: number;
  readonly jitterMs: number;
  /** Null until the phone has received a report of ours. */
  readonly roundTripMs: number | null;
};

/** All that another process needs to keep trusting the same phone. */
export type PhoneSourceState = RtpAddress & {
  isKnown: boolean;
  ssrc: number;
  heardAtMs: number;
  /** From here something has come: RTCP, or RTP before the phone has described another address. */
  heardHost: string;
  /** An address from which nothing has come gets audio until then. */
  unprovenUntilMs: number;
};

/** What another process needs to continue the RTCP of a call. */
export type CallRtcpState = { readonly told: PhoneReport | null; readonly answeredAtMs: number };

/** The parts of a new call's state that have no object of their own. */
export function newCallProgress(nowMs: number) {
  return {
    isConnected: false,
    /** The kernel passes one packet in so many. */
    everyNth: 1,
    heardAtMs: nowMs,
    toldSilentAtMs: nowMs,
    payloadBytes: 0,
    packetsBefore: 0,
    idleSinceMs: nowMs,
    /** The end of the last digit, or of speaking. */
    passedUntilMs: Number.NEGATIVE_INFINITY,
  };
}
export type CallProgress = ReturnType<typeof newCallProgress>;

export type CallState = Readonly<CallProgress> & {
  readonly spec: CallSpec;
  readonly stream: OutgoingStreamState;
  readonly reception: ReceptionState;
  readonly source: PhoneSourceState;
  readonly incoming: IncomingStreamState;
  /** As that of `CodecWatch`. */
  readonly dynamicType: number | null;
  readonly rtcp: CallRtcpState;
  /** The number of descriptors: one for RTP, and one for RTCP if it could be opened. */
  readonly sockets: number;
};

export type FloorState = {
  readonly spec: FloorSpec;
  readonly local: RtpAddress;
  /** The position of the last packet to Asterisk. */
  readonly header: StreamPosition;
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
  /** The last message. */
  | { readonly type: 'end'; readonly peers: readonly TrunkPeerSpec[] };

export type SuccessionPart = { readonly text: string; readonly descriptors: readonly number[] };

/** `performance.now()` has another origin in each thread; the clock of the machine has one for all. */
const threadBeganMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export function encodeSuccession(message: SuccessionMessage): string {
  return JSON.stringify({ ...message, beganMs: threadBeganMs });
}

/** The times in it are on the clock of the thread that has sent it: see `inThisThread`. */
export function decodeSuccession(text: string): SuccessionMessage & { readonly beganMs: number } {
  const message: SuccessionMessage & { readonly beganMs: number } = JSON.parse(text);
  if (message.type !== 'calls') return message;
  return { ...message, calls: message.calls.map((call) => ({ ...call, spec: completeCall(call.spec) })) };
}

/** Converts the times of a call. All calls wait for this, and a reviver of JSON takes ten times as long. */
export function inThisThread(call: CallState, beganMs: number): CallState {
  const byMs = beganMs - threadBeganMs;
  // JSON has null for minus infinity.
  const shifted = (atMs: number | null) => (atMs === null ? Number.NEGATIVE_INFINITY : atMs + byMs);
  const { stream, reception, source, incoming, rtcp } = call;
  return {
    ...call,
    stream: { ...stream, timestampMs: shifted(stream.timestampMs), passedMs: shifted(stream.passedMs) },
    reception: { ...reception, arrivedMs: shifted(reception.arrivedMs) },
    incoming: { ...incoming, atMs: shifted(incoming.atMs) },
    source: {
      ...source,
      heardAtMs: shifted(source.heardAtMs),
      unprovenUntilMs: shifted(source.unprovenUntilMs),
    },
    rtcp: { ...rtcp, answeredAtMs: shifted(rtcp.answeredAtMs) },
    heardAtMs: shifted(call.heardAtMs),
    toldSilentAtMs: shifted(call.toldSilentAtMs),
    idleSinceMs: shifted(call.idleSinceMs),
    passedUntilMs: shifted(call.passedUntilMs),
  };
}

/** Blocks a thread that has handed over, so that it reads no socket until its process ends. */
export function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0);
}
