import type { MessagePort } from 'node:worker_threads';
import type { Bell } from './bell.ts';
import type { FloorWish, LegState, ListenerWish, RtpAddress } from './protocol.ts';

/** Where a worker opens its sockets. */
export type MediaOptions = {
  /** Where others send to, and the address of this host that is bound. */
  readonly address: string;
  readonly bindAddress: string;
  /** From the first to the last of these ports. */
  readonly ports: { readonly first: number; readonly last: number };
};

/** What a worker is started with. */
export type WorkerOptions = MediaOptions & {
  /** The port to try first. */
  readonly nextPort: number;
};

export type ListenerSettings = Omit<ListenerWish, 'leg'>;

/** From the relay's main thread to a media worker. */
export type WorkerCommand =
  | { type: 'floor'; floor: FloorWish }
  | { type: 'end-floor'; conference: string }
  | { type: 'listener'; listener: ListenerSettings }
  /** The leg of a listener is agreed upon; its port is a new one where there is none. */
  | { type: 'leg'; legId: string; leg: Omit<LegState, 'port'>; port: number | null }
  | { type: 'end-listener'; legId: string }
  /** The way to a worker that has listeners, and what wakes it. */
  | { type: 'neighbour'; port: MessagePort; bell: Bell }
  /** The way from the worker that has the floors. */
  | { type: 'source'; port: MessagePort; bell: Bell };

export type WorkerReport =
  | { type: 'floor'; conference: string; local: RtpAddress }
  | { type: 'floor-failed'; conference: string; message: string }
  | { type: 'leg'; legId: string; port: number }
  | { type: 'leg-failed'; legId: string; message: string }
  | { type: 'key'; legId: string; key: string };

/** From the worker that has the floors to those that have listeners: 20 ms of a conference. */
export type AudienceFrame = {
  readonly conference: string;
  /** 8000 Hz. */
  readonly samples: Int16Array;
  readonly noiseDbov: number | null;
};
