import type { OtherNode } from '../../cluster/membership.ts';
import type { Message, MessageOf } from '../../cluster/messages.ts';
import type { EventChannel } from '../../events/channel.ts';
import type { AnnouncementText, TrunkPeerSpec } from '../../relay/protocol/protocol.ts';
import type { RelayLink } from '../relay/relay-link.ts';

export type TrunkPeersDeps = {
  relay: Pick<RelayLink, 'foundPeers' | 'setPeers' | 'announceTo' | 'installKey' | 'keyAcknowledged'>;
  channel: Pick<EventChannel<Message>, 'send' | 'broadcast'> | null;
};

type MediaKeyMessage = MessageOf<'media-key' | 'media-key-ack' | 'want-media-key'>;

/** Introduces the relays of nodes to each other: where they are, and under which keys they send. Keeps no key. */
export class TrunkPeers {
  readonly #own: MessageOf<'hello'>['trunk'];
  readonly #deps: TrunkPeersDeps;
  #settled = false;

  constructor(options: { own: MessageOf<'hello'>['trunk'] }, deps: TrunkPeersDeps) {
    this.#own = options.own;
    this.#deps = deps;
  }

  /** All nodes that can be found have been found: nodes that only the relay knows do not exist any more. */
  settled(nodes: Iterable<OtherNode>): void {
    this.#settled = true;
    this.changed(nodes);
  }

  /** Nodes have come, said where their relay is, or gone for good. */
  changed(nodes: Iterable<OtherNode>): void {
    const peers: TrunkPeerSpec[] = [];
    for (const { id: nodeId, state, hello } of nodes) {
      if (state === 'gone' || !hello?.trunk) continue;
      const { host, port, multicast } = hello.trunk;
      const group = this.#own?.multicast;
      const shared = group != null && group.group === multicast?.group && group.port === multicast.port;
      peers.push({ nodeId, address: { host, port }, multicast: shared });
    }
    // A controller that has just started must not cut off the nodes that it has yet to meet.
    if (!this.#settled) {
      const met = new Set(peers.map(({ nodeId }) => nodeId));
      peers.push(...this.#deps.relay.foundPeers.filter(({ nodeId }) => !met.has(nodeId)));
    }
    this.#deps.relay.setPeers(peers);
  }

  /** A node can receive our keys. */
  up(node: string): void {
    this.#deps.relay.announceTo(node);
  }

  /** The relay has a key for one node, or (null) for all. */
  announce(to: string | null, announcement: AnnouncementText): void {
    const message: Message = { type: 'media-key', ...announcement };
    if (to === null) this.#deps.channel?.broadcast(message);
    else this.#deps.channel?.send(to, message);
  }

  /** The relay takes packets of a node under this key. */
  installed(node: string, epoch: number): void {
    this.#deps.channel?.send(node, { type: 'media-key-ack', epoch });
  }

  /** The relay was restarted: all nodes must get its new keys, and it must get theirs. */
  relayStarted(nodes: Iterable<OtherNode>): void {
    for (const { id, state } of nodes) if (state === 'up') this.up(id);
    this.#deps.channel?.broadcast({ type: 'want-media-key' });
  }

  handleMessage(from: string, message: MediaKeyMessage): void {
    const { relay } = this.#deps;
    switch (message.type) {
      case 'media-key': {
        const { type: _, ...announcement } = message;
        // It is acknowledged when the relay has it: the other one sends under it from then on.
        return relay.installKey(from, announcement);
      }
      case 'media-key-ack':
        return relay.keyAcknowledged(from, message.epoch);
      case 'want-media-key':
        return relay.announceTo(from);
    }
  }
}
