import type { CallSpec, CallSums, RelayReport, RelayRequest, RtpAddress } from './protocol.ts';

/** What the calls, the floors and the audience of a media thread are asked for, and what they report. */

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

export type FloorRequest = Extract<
  RelayRequest,
  { type: 'floor' | 'end-floor' | 'peers' | 'announce-to' | 'peer-key' | 'key-acknowledged' }
>;

export type FloorReport =
  | Extract<RelayReport, { type: 'floor' | 'floor-failed' | 'announce' | 'key-installed' | 'trunk' }>
  /** It has its floors and the trunk. */
  | { type: 'begun' }
  | { type: 'trunk-failed'; message: string }
  /** Something about another node cannot be. */
  | { type: 'trunk-problem'; message: string };

export type CallRequest =
  | { type: 'call'; call: CallSpec }
  | Extract<RelayRequest, { type: 'end-call' | 'ask-statistics' }>;

export type CallReport =
  | Extract<RelayReport, { type: 'call-open' | 'call-failed' | 'call-source' | 'call-silent' | 'call-statistics' }>
  /** It has its calls, if there were any. */
  | { type: 'begun' }
  | { type: 'sums'; sums: Omit<CallSums, 'dropped'> };

/** From the thread that has the floors to those that have listeners: 20 ms of a conference. */
export type AudienceFrame = {
  readonly conference: string;
  readonly samples: Int16Array;
  readonly sampleRateHz: 8000 | 16_000;
  readonly noiseDbov: number | null;
};
