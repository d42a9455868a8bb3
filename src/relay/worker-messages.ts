import type { MessagePort } from 'node:worker_threads';
import type { Bell } from './bell.ts';
import type { LegState, ListenerWish, RelayReport, RelayRequest, RtpAddress } from './protocol.ts';
import type { RtpDrops } from './rtp-drops.ts';

/** Where the relay opens its sockets. */
export type MediaOptions = {
  /** Where others send to, and the address of this host that is bound. */
  readonly address: string;
  readonly bindAddress: string;
  /** From the first to the last of these ports. */
  readonly ports: { readonly first: number; readonly last: number };
};

/** Where a thread opens its sockets. */
export type PortOptions = Pick<MediaOptions, 'bindAddress' | 'ports'> & {
  /** The port to try first. */
  readonly nextPort: number;
};

export type AudienceWorkerOptions = PortOptions & {
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

export type FloorWorkerOptions = PortOptions & { readonly trunk: TrunkOptions | null };

/** From the relay's main thread to the one that has the floors and the trunk. */
export type FloorCommand =
  | FloorRequest
  /** The way to a thread that has listeners, and what wakes it. */
  | { type: 'audience'; port: MessagePort; bell: Bell };

export type FloorRequest = Extract<
  RelayRequest,
  { type: 'floor' | 'end-floor' | 'peers' | 'announce-to' | 'peer-key' | 'key-acknowledged' }
>;

export type FloorReport =
  | Extract<RelayReport, { type: 'floor' | 'floor-failed' | 'announce' | 'key-installed' | 'trunk' }>
  | { type: 'trunk-failed'; message: string }
  /** Something about another node cannot be. */
  | { type: 'trunk-problem'; message: string };

export type ListenerSettings = Omit<ListenerWish, 'leg'>;

/** From the relay's main thread to one that has listeners. */
export type AudienceCommand =
  | ListenerCommand
  /** The way from the thread that has the floors. */
  | { type: 'source'; port: MessagePort; bell: Bell };

export type ListenerCommand =
  | { type: 'listener'; listener: ListenerSettings }
  /** The leg of a listener is agreed upon; its port is a new one where there is none. */
  | { type: 'leg'; legId: string; leg: Omit<LegState, 'port'>; port: number | null }
  | { type: 'end-listener'; legId: string };

export type AudienceReport =
  | { type: 'leg'; legId: string; port: number }
  | { type: 'leg-failed'; legId: string; message: string }
  | { type: 'key'; legId: string; key: string };

export type WorkerReport = FloorReport | AudienceReport;

/** From the thread that has the floors to those that have listeners: 20 ms of a conference. */
export type AudienceFrame = {
  readonly conference: string;
  /** 8000 Hz. */
  readonly samples: Int16Array;
  readonly noiseDbov: number | null;
};
