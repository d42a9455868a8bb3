import type { MessageOf } from './messages.ts';
import { Replica } from './replica.ts';

/**
 * `up`: we hear from it. `silent`: the channel to it is down, but it was heard within its lifetime, so that its members
 * count still. `gone`: it and its members are lost; only its name is remembered.
 */
export type NodeState = 'up' | 'silent' | 'gone';

export type OtherNode = {
  readonly id: string;
  state: NodeState;
  /** Since when it is in this state. */
  sinceMs: number;
  /** When it was heard last. */
  heardAtMs: number;
  hello: MessageOf<'hello'> | null;
  status: MessageOf<'status'> | null;
  /** A snapshot has been asked for. */
  asked: boolean;
  readonly replica: Replica;
};

/** Nodes that are gone are forgotten beyond this number, the longest gone first. */
const MOST_GONE = 256;

/** The other nodes of the cluster, and what each of them owns. */
export class Membership {
  readonly #lifetimeMs: number;
  /** By name. Bounded by those that know the cluster's secret, and MOST_GONE. */
  readonly #nodes = new Map<string, OtherNode>();

  constructor({ lifetimeMs }: { lifetimeMs: number }) {
    this.#lifetimeMs = lifetimeMs;
  }

  get all(): ReadonlyMap<string, OtherNode> {
    return this.#nodes;
  }

  get(id: string): OtherNode | undefined {
    return this.#nodes.get(id);
  }

  /** It can be heard. What it had when it fell silent counts until it says something else. */
  up(id: string, nowMs: number): OtherNode {
    const known = this.#nodes.get(id) ?? { id, hello: null, status: null, replica: new Replica() };
    const isUp = { state: 'up' as const, sinceMs: nowMs, heardAtMs: nowMs, asked: false };
    const node: OtherNode = Object.assign(known, isUp);
    node.replica.expectSnapshot();
    this.#nodes.set(id, node);
    return node;
  }

  heard(id: string, nowMs: number): void {
    const node = this.#nodes.get(id);
    if (node) node.heardAtMs = nowMs;
  }

  down(id: string, nowMs: number): void {
    const node = this.#nodes.get(id);
    if (node?.state !== 'up') return;
    node.state = 'silent';
    node.sinceMs = nowMs;
  }

  /** When the next silent node is gone; infinity without one. */
  get nextExpiryMs(): number {
    const silent = [...this.#nodes.values()].filter(({ state }) => state === 'silent');
    return Math.min(...silent.map(({ heardAtMs }) => heardAtMs + this.#lifetimeMs));
  }

  /** Nodes that have been silent for their lifetime are gone. @returns them, and the conferences they were part of */
  expire(nowMs: number): { gone: string[]; touched: Set<string> } {
    const gone: string[] = [];
    const touched = new Set<string>();
    for (const node of this.#nodes.values()) {
      if (node.state !== 'silent' || nowMs - node.heardAtMs < this.#lifetimeMs) continue;
      node.state = 'gone';
      node.sinceMs = nowMs;
      gone.push(node.id);
      for (const name of node.replica.clear()) touched.add(name);
    }
    this.#forgetLongestGone();
    return { gone, touched };
  }

  /** Forgets what is known of a node, and the node itself unless it is up. @returns the conferences it was part of */
  flush(id: string): string[] {
    const node = this.#nodes.get(id);
    if (!node) return [];
    if (node.state !== 'up') this.#nodes.delete(id);
    node.status = null;
    return node.replica.clear();
  }

  #forgetLongestGone(): void {
    const gone = [...this.#nodes.values()].filter(({ state }) => state === 'gone');
    gone.sort((a, b) => b.sinceMs - a.sinceMs);
    for (const { id } of gone.slice(MOST_GONE)) this.#nodes.delete(id);
  }
}
