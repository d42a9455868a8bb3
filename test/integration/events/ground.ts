import type { Witness } from './witness.ts';

export type NodeSettings = {
  /** What the cluster shares, unless this node has another idea of it. */
  secret?: string;
  /** Nodes that this one does not let in. It may change. */
  revoked?: Set<string>;
  maxMessageBytes?: number;
};

/** What both transports need for the same tests. */
export type Ground = {
  /** Makes a node; the caller starts it. */
  node(id: string, settings?: NodeSettings): Witness;
  /** A node in a process of its own. @returns once it runs */
  process(id: string): Promise<{ kill: () => void }>;
  /** No two nodes can reach each other until the network is restored. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  /** Stops what was made. */
  close(): Promise<void>;
};

export const DEAD_AFTER_MS = 1000;
export const SECRET = 'a secret of thirty-two character';

/** What a process that is a node needs to know. */
export type ProcessOptions = { id: string } & (
  | { transport: 'mesh'; port: number; peers: { nodeId: string; port: number }[] }
  | { transport: 'nats'; port: number }
);
