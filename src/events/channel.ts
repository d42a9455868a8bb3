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

/**
 * - `left`: it said so
 * - `lost`: the connection broke
 * - `silent`: nothing was heard of it for the dead time
 * - `slow`: it took messages more slowly than they were made, and must connect again
 * - `resync`: a message was lost or out of order, or the peer was restarted
 * - `replaced`: another connection of the same node took over
 * - `revoked`: it has no secret any more
 * - `oversized`: it sent more than a message may have
 * - `broker`: the NATS server is gone
 * - `stopped`: this channel was stopped
 */
export type PeerDownReason =
  | 'left'
  | 'lost'
  | 'silent'
  | 'slow'
  | 'resync'
  | 'replaced'
  | 'revoked'
  | 'oversized'
  | 'broker'
  | 'stopped';

/**
 * - `secret`: does not know the secret, or the message was forged
 * - `revoked`: there is no secret for a node of this name
 * - `identity`: not the node that was expected there
 * - `version`: speaks another major version of the protocol
 * - `id-taken`: another node of this name is connected, or it has our own name
 * - `protocol`: authenticated, but does not behave
 * - `garbage`: not TLS, not HTTP, not a WebSocket, not one of our messages
 * - `timeout`: connected, but did not become a peer in time
 * - `flood`: more connections than allowed
 * - `replay`: a message that was delivered before, or belongs to an earlier session
 */
export type RefusalReason =
  | 'secret'
  | 'revoked'
  | 'identity'
  | 'version'
  | 'id-taken'
  | 'protocol'
  | 'garbage'
  | 'timeout'
  | 'flood'
  | 'replay';

export type EventCounters = {
  sent: number;
  received: number;
  refused: Record<RefusalReason, number>;
  /** Messages that are not JSON. */
  malformed: number;
  /** Messages that `parse` does not know. */
  unknown: number;
  /** Messages that were too large to be sent or taken. */
  oversized: number;
  /** Calls of the handlers that threw. */
  failed: number;
};

export function noEvents(): EventCounters {
  return {
    sent: 0,
    received: 0,
    refused: {
      secret: 0,
      revoked: 0,
      identity: 0,
      version: 0,
      'id-taken': 0,
      protocol: 0,
      garbage: 0,
      timeout: 0,
      flood: 0,
      replay: 0,
    },
    malformed: 0,
    unknown: 0,
    oversized: 0,
    failed: 0,
  };
}
