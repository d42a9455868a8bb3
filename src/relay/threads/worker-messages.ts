import type { MessagePort } from 'node:worker_threads';
import type { RtpDrops } from '../calls/rtp-drops.ts';
import type { CallSpec, CallSums, RelayReport, RelayRequest, RtpAddress } from '../protocol.ts';
import type { SuccessionPart } from '../upgrade/succession.ts';
import type { Doorbell } from './doorbell.ts';

export type CallWorkerOptions = {
  /** Rung when a command or a frame was sent to the thread. */
  readonly doorbell: Doorbell;
  /** Where it counts packets that it drops. */
  readonly rtpDrops: RtpDrops;
};

/** The trunk of a node, as its operator has set it up. */
export type TrunkOptions = {
  readonly nodeId: string;
  /** The address of this host that is bound. */
  readonly bind: RtpAddress;
  /** Where packets for all nodes of a network go at once; null where every node gets its own. */
  readonly multicast: {
    readonly group: RtpAddress;
    readonly ttl: number;
    /** The address of the interface. */
    readonly interfaceAddress: string;
  } | null;
  readonly rekeyIntervalMs: number;
  /** How many earlier frames each packet carries. */
  readonly redundancy: 0 | 1 | 2;
  readonly codec: 'PCMU' | 'PCMA' | 'L16';
};

export type FloorWorkerOptions = { readonly trunk: TrunkOptions | null };

/** The first command: what another process has handed over to this thread, if anything. */
type Begin = { readonly type: 'begin'; readonly taken: readonly SuccessionPart[] };
/** The last one: hands everything over to the process that listens at this path. `handed-over` follows. */
type HandOver = { readonly type: 'hand-over'; readonly path: string; readonly thread: number };

/** From the relay's main thread to the one that has the floors and the trunk. */
export type FloorCommand =
  | Begin
  | HandOver
  | FloorRequest
  /** The way to a thread that has calls: it says which conferences it has listeners of, and gets their frames. */
  | { type: 'frames'; port: MessagePort; doorbell: Doorbell };

export type FramesWanted = { readonly conference: string; readonly wanted: boolean };

export type FloorRequest = Extract<
  RelayRequest,
  { type: 'floor' | 'end-floor' | 'peers' | 'announce-to' | 'peer-key' | 'key-acknowledged' }
>;

export type FloorReport =
  | Extract<RelayReport, { type: 'floor' | 'floor-failed' | 'announce' | 'key-installed' | 'trunk' }>
  /** All that it needs has been loaded. */
  | { type: 'ready' }
  /** It has its floors and the trunk. */
  | { type: 'begun' }
  | { type: 'handed-over' }
  | { type: 'trunk-failed'; message: string }
  /** Something about another node cannot be. */
  | { type: 'trunk-problem'; message: string };

/** From the relay's main thread to one that has calls. */
export type CallCommand =
  | Begin
  | HandOver
  | CallRequest
  /** The way from the thread that has the floors. */
  | { type: 'frames'; port: MessagePort };

export type CallRequest =
  | { type: 'call'; call: CallSpec }
  | Extract<RelayRequest, { type: 'end-call' | 'ask-statistics' }>;

export type CallReport =
  | Extract<RelayReport, { type: 'call-open' | 'call-failed' | 'call-source' | 'call-silent' | 'call-statistics' }>
  /** It has its calls, if there were any. */
  | { type: 'begun' }
  | { type: 'handed-over' }
  | { type: 'sockets'; sockets: 'libc' | 'dgram'; reason: string | null }
  | { type: 'sums'; sums: Omit<CallSums, 'dropped'> };

export type WorkerReport = FloorReport | CallReport;

/** From the thread that has the floors to those that have listeners: 20 ms of a conference. */
export type AudienceFrame = {
  readonly conference: string;
  readonly samples: Int16Array;
  readonly sampleRateHz: 8000 | 16_000;
  readonly noiseDbov: number | null;
};
