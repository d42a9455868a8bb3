import type { MessagePort } from 'node:worker_threads';
import type { LegState, ListenerWish, RelayReport, RelayRequest, RtpAddress } from './protocol.ts';

/** Where a worker opens its sockets. */
export type MediaOptions = {
  /** Where others send to, and the address of this host that is bound. */
  readonly address: string;
  readonly bindAddress: string;
  /** From the first to the last of these ports. */
  readonly ports: { readonly first: number; readonly last: number };
};

/** What a worker is started with. */
export type WorkerOptions = MediaOptions & { readonly hasFloors: boolean; readonly trunk: TrunkOptions | null };

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

export type ListenerSettings = Omit<ListenerWish, 'leg'>;

/** To the worker that has the floors and the trunk. */
export type FloorCommand = Extract<
  RelayRequest,
  { type: 'floor' | 'end-floor' | 'peers' | 'announce-to' | 'peer-key' | 'key-acknowledged' }
>;

/** From the relay's main thread to a media worker. */
export type WorkerCommand =
  | FloorCommand
  | { type: 'listener'; listener: ListenerSettings }
  /** The leg of a listener is agreed upon; its port is a new one where there is none. */
  | { type: 'leg'; legId: string; leg: Omit<LegState, 'port'>; port: number | null }
  | { type: 'end-listener'; legId: string }
  /** The way to another worker that has listeners. */
  | { type: 'neighbour'; port: MessagePort }
  /** The way from the worker that has the floors. */
  | { type: 'source'; port: MessagePort };

export type WorkerReport =
  | { type: 'floor'; conference: string; local: RtpAddress }
  | { type: 'floor-failed'; conference: string; message: string }
  | { type: 'leg'; legId: string; port: number }
  | { type: 'leg-failed'; legId: string; message: string }
  | { type: 'key'; legId: string; key: string }
  | { type: 'trunk-failed'; message: string }
  /** Something about another node cannot be. */
  | { type: 'trunk-problem'; message: string }
  | Extract<RelayReport, { type: 'announce' | 'key-installed' | 'trunk' }>;

/** From the worker that has the floors to those that have listeners: 20 ms of a conference. */
export type AudienceFrame = {
  readonly conference: string;
  /** 8000 Hz. */
  readonly samples: Int16Array;
  readonly noiseDbov: number | null;
};
