import type { CallSpec, CallSums, RelayReport, RelayRequest, RtpAddress } from './protocol.ts';

/** The requests to the calls, floors and audience of a media thread, and their reports. */

/** The trunk of a node, as its operator has configured it. */
export type TrunkOptions = {
  readonly nodeId: string;
  /** The address of this host that the trunk binds. */
  readonly bind: RtpAddress;
  /** The multicast group for packets to all nodes of a network; null if each node gets its own packets. */
  readonly multicast: {
    readonly group: RtpAddress;
    readonly ttl: number;
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
  /** The floors and the trunk are ready. */
  | { type: 'begun' }
  | { type: 'trunk-failed'; message: string }
  /** A request about another node is invalid. */
  | { type: 'trunk-problem'; message: string };

export type CallRequest =
  | { type: 'call'; call: CallSpec }
  | Extract<RelayRequest, { type: 'end-call' | 'ask-statistics' }>;

export type CallReport =
  | Extract<
      RelayReport,
      {
        type:
          | 'call-open'
          | 'call-failed'
          | 'call-source'
          | 'call-renumbered'
          | 'call-key'
          | 'call-codec'
          | 'call-silent'
          | 'call-talks'
          | 'call-statistics';
      }
    >
  /** The calls that were handed over, if any, are ready. */
  | { type: 'begun' }
  | { type: 'sums'; sums: Omit<CallSums, 'dropped'> };

/** 20 ms of a conference, from the thread with the floors to the threads with listeners. */
export type AudienceFrame = {
  readonly conference: string;
  readonly samples: Int16Array;
  readonly sampleRateHz: 8000 | 16_000;
  readonly noiseDbov: number | null;
};
