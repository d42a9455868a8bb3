import type { Logger } from 'winston';

/** What a transport knows of a peer that is up. */
export type PeerInfo = {
  /** Null until measured. */
  readonly roundTripMs: number | null;
};

/** The path between controllers. While a peer is up, what is sent to it arrives once and in order. */
export interface EventChannel<Message> {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** @returns false where the peer is not up */
  send(to: string, message: Message): boolean;
  broadcast(message: Message): void;
  /** Those that are up, by node id. */
  readonly peers: ReadonlyMap<string, PeerInfo>;
}

export type EventChannelDeps<Message> = {
  /** @returns null for what is not a message */
  parse: (json: unknown) => Message | null;
  onPeerUp: (nodeId: string) => void;
  onPeerDown: (nodeId: string, reason: string) => void;
  onMessage: (from: string, message: Message) => void;
  logger: Logger;
  /** Milliseconds of a clock that does not jump. */
  now: () => number;
};
