import type { Logger } from 'winston';
import type { Membership } from '../../cluster/membership.ts';
import type { Message, MessageOf } from '../../cluster/messages.ts';
import type { EventChannel, PeerDownReason } from '../../events/channel.ts';
import { Waiters } from '../../timing/waiters.ts';
import { WakeTimers } from '../../timing/wake-timers.ts';
import { ControllerError } from '../errors/controller-error.ts';

/** A controller that starts waits this time to hear from the others, before it believes that it is alone. */
const SETTLE_MS = 1500;

export type NodeWatchDeps = {
  nodes: Membership;
  channel: EventChannel<Message> | null;
  logger: Logger;
  now: () => number;
  /** Nodes that were there a moment ago, as the relay knows. */
  expected: () => readonly string[];
  /** Nodes are gone, and with them their members of these conferences. */
  onGone: (conferences: Iterable<string>) => void;
};

/** Watches the other nodes: tells `cluster/membership.ts` when they are heard, and wakes it when one may be gone. */
export class NodeWatch {
  readonly #hello: MessageOf<'hello'>;
  readonly #deps: NodeWatchDeps;
  readonly #expiry = new WakeTimers(() => this.#expire());
  readonly #settling = new Waiters<void>();

  /** @param options.hello how this node introduces itself */
  constructor({ hello }: { hello: MessageOf<'hello'> }, deps: NodeWatchDeps) {
    this.#hello = hello;
    this.#deps = deps;
  }

  /** @returns when the other nodes have sent their snapshots, or after a short time */
  async settled(): Promise<void> {
    const settled = this.#settling.wait('all', SETTLE_MS, () => {});
    this.checkSettled();
    await settled;
  }

  /** Perhaps all nodes have sent their snapshots by now. */
  checkSettled(): void {
    const { nodes, expected } = this.#deps;
    // The relay had this node a moment ago. Without its snapshot, its members would be taken for gone.
    if (expected().some((node) => nodes.get(node)?.state !== 'up')) return;
    const up = [...nodes.all.values()].filter(({ state }) => state === 'up');
    if (up.length > 0 && up.every(({ replica }) => replica.isComplete)) this.#settling.settle('all', undefined);
  }

  /** Another node has sent something. */
  heard(node: string): void {
    this.#deps.nodes.heard(node, this.#deps.now());
  }

  up(node: string): void {
    const { nodes, channel, logger, now } = this.#deps;
    nodes.up(node, now());
    logger.info(`node ${node} is up`, { node });
    channel?.send(node, this.#hello);
  }

  down(node: string, reason: PeerDownReason): void {
    const { nodes, logger, now } = this.#deps;
    const nowMs = now();
    nodes.down(node, nowMs);
    // It is this node that goes; a timer would keep its process from ending.
    if (reason === 'stopped') return;
    logger.warn(`node ${node} is silent: ${reason}`, { node });
    this.#expiry.wake('next', nodes.nextExpiryMs, nowMs);
  }

  /**
   * Forgets the conferences of another node; one that is up is asked for a snapshot.
   * @returns the conferences that it was part of
   * @throws ControllerError `no-such-node`
   */
  flush(node: string): Iterable<string> {
    const { nodes, channel } = this.#deps;
    if (!nodes.get(node)) throw new ControllerError('no-such-node', `no other node "${node}"`);
    const conferences = nodes.flush(node);
    channel?.send(node, { type: 'want-snapshot' });
    return conferences;
  }

  stop(): void {
    this.#settling.settle('all', undefined);
    this.#expiry.clear();
  }

  #expire(): void {
    const { nodes, logger, now, onGone } = this.#deps;
    const nowMs = now();
    const { gone, touched } = nodes.expire(nowMs);
    for (const node of gone) logger.warn(`node ${node} is gone, with its members`, { node });
    if (gone.length > 0) onGone(touched);
    if (Number.isFinite(nodes.nextExpiryMs)) this.#expiry.wake('next', nodes.nextExpiryMs, nowMs);
  }
}
