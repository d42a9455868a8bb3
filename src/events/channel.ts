import type { Logger } from 'winston';

/**
 * The path between the controllers of a cluster. Ordered and reliable while a peer is connected; whenever something may
 * have been lost, the peer is reported as down and up again, on both sides. What one side sends after its `onPeerUp`
 * reaches the other after its own.
 */
export interface EventChannel<Message> {
  /** Begins to listen and to connect; both go on until `stop`. @throws EventChannelError */
  start(): Promise<void>;
  /** Takes leave of the peers, and tells each as down. Stopping again is harmless. */
  stop(): Promise<void>;
  /** @returns whether the message is on its way: false if the peer is not connected or the message is too large */
  send(to: string, message: Message): boolean;
  /** To all connected peers. */
  broadcast(message: Message): void;
  /** The connected ones, by node id. */
  readonly peers: ReadonlyMap<string, PeerInfo>;
  readonly counters: Readonly<EventCounters>;
  /** What keeps it from nodes that it has never reached, in words for an operator. */
  readonly problems: readonly string[];
}

export type EventChannelDeps<Message> = {
  /** @returns null for what is no message, or none that this version knows */
  parse: (json: unknown) => Message | null;
  onPeerUp: (nodeId: string) => void;
  onPeerDown: (nodeId: string, reason: PeerDownReason) => void;
  onMessage: (from: string, message: Message) => void;
  logger: Logger;
  /** Milliseconds of a clock that does not jump. */
  now: () => number;
};

export type PeerInfo = {
  readonly sinceMs: number;
  /** Where the peer is: host:port, or the broker by which it is reached. */
  readonly address: string;
  /** Null until measured. */
  readonly roundTripMs: number | null;
  readonly sent: number;
  readonly received: number;
};

/** The reason for which a peer is down. */
export type PeerDownReason =
  | 'left' // It said so.
  | 'lost' // The connection broke.
  | 'silent' // Nothing was heard of it for the dead time.
  | 'slow' // It took messages more slowly than they were made, and must connect again.
  | 'resync' // A message was lost or out of order, or the peer was restarted.
  | 'replaced' // Another connection of the same node took over.
  | 'revoked' // It has no secret any more.
  | 'oversized' // It sent more than a message may have.
  | 'broker' // The NATS server is gone.
  | 'stopped'; // This channel was stopped.

/** The reasons for which connections and messages are refused, with the number of times: none yet. */
const NONE_REFUSED = {
  secret: 0, // It does not know the secret, or the message was forged.
  revoked: 0, // There is no secret for a node of this name.
  identity: 0, // It is not the node that was expected there.
  version: 0, // It speaks another major version of the protocol.
  'id-taken': 0, // Another node of this name is connected, or it has our own name.
  protocol: 0, // It is authenticated, but does not behave.
  garbage: 0, // It is not TLS, not HTTP, not a WebSocket, not one of our messages.
  timeout: 0, // It connected, but did not become a peer in time.
  flood: 0, // There are more connections than allowed.
  replay: 0, // The message was delivered before, or belongs to an earlier session.
};

export type RefusalReason = keyof typeof NONE_REFUSED;

export type EventCounters = ReturnType<typeof noEvents>;

export function noEvents() {
  return {
    sent: 0,
    received: 0,
    refused: { ...NONE_REFUSED },
    /** Messages that are not JSON. */
    malformed: 0,
    /** Messages that `parse` does not know. */
    unknown: 0,
    /** Messages that were too large to be sent or taken. */
    oversized: 0,
    /** Calls of the handlers that threw. */
    failed: 0,
  };
}
