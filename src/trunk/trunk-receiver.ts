import { ConferenceIndex } from './conference-index.ts';
import { TrunkError } from './errors.ts';
import {
  COUNTER_OFFSET,
  EPOCH_OFFSET,
  HEADER_BYTES,
  MAX_PACKET_BYTES,
  MIN_PACKET_BYTES,
  readUint32,
  SENDER_OFFSET,
  TAG_BYTES,
  VERSION_AND_TYPE,
} from './packet-format.ts';
import { BodyReader, type ReceivedFrame } from './received-frame.ts';
import type { Aead } from './sodium-aead.ts';
import { type KeyAnnouncement, TrunkPeer } from './trunk-peer.ts';

/** The reasons to drop a packet, in the order of the checks, those of `BodyProblem` last. */
const DROP_REASONS = [
  'too-short',
  'too-large',
  'bad-version',
  'own',
  'unknown-sender',
  'unknown-epoch',
  'replayed',
  'forged',
  'malformed',
  'unknown-format',
  'unknown-conference',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export type TrunkReceiverOptions = {
  /** This node, whose own packets come back where multicast is looped. */
  nodeId: string;
  maxNodes: number;
  maxConferences: number;
  /** How long packets under a key are accepted after a newer one was used; see `retainMsOf`. */
  retainMs: number;
};

/**
 * Reads the trunk packets of other nodes. The body of a packet is read only after the packet is known to be authentic
 * and new; other packets change nothing but a count. Its memory depends on nodes and conferences, never on packets.
 */
export class TrunkReceiver {
  readonly dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
  /** Only packets of these conferences are handed over. */
  readonly conferences: ConferenceIndex;
  readonly #options: TrunkReceiverOptions;
  readonly #aead: Aead;
  readonly #reader: BodyReader;
  readonly #own: TrunkPeer;
  readonly #peers = new Map<string, TrunkPeer>();
  /** By the lower half of the sender id, as a signed number, which needs no allocation as a key. */
  readonly #peersByIdLow = new Map<number, TrunkPeer[]>();

  constructor(options: TrunkReceiverOptions, deps: { aead: Aead }) {
    this.#options = options;
    this.#aead = deps.aead;
    this.conferences = new ConferenceIndex({ maxConferences: options.maxConferences });
    this.#reader = new BodyReader({ conferences: this.conferences });
    this.#own = new TrunkPeer({ nodeId: options.nodeId });
  }

  /**
   * Makes another node known. Adding one again changes nothing.
   * @throws {TrunkError} `node-id-collision` with a known node or this one, `too-many`
   */
  addNode(nodeId: string): void {
    if (this.#peers.has(nodeId)) return;
    if (this.#peers.size >= this.#options.maxNodes) {
      throw new TrunkError('too-many', `the trunk has ${this.#options.maxNodes} nodes already, which is its limit`);
    }
    const peer = new TrunkPeer({ nodeId });
    const other = hasId(this.#own, peer.idHigh, peer.idLow) ? this.#own : this.#findPeer(peer.idHigh, peer.idLow);
    if (other !== undefined) {
      const message = `the nodes "${nodeId}" and "${other.nodeId}" have the same sender id: rename one of them`;
      throw new TrunkError('node-id-collision', message);
    }
    this.#peers.set(nodeId, peer);
    const key = peer.idLow | 0;
    this.#peersByIdLow.set(key, [...(this.#peersByIdLow.get(key) ?? []), peer]);
  }

  /** Forgets a node and its keys. Removing an unknown node changes nothing. */
  removeNode(nodeId: string): void {
    const peer = this.#peers.get(nodeId);
    if (peer === undefined) return;
    this.#peers.delete(nodeId);
    const key = peer.idLow | 0;
    const rest = (this.#peersByIdLow.get(key) ?? []).filter((other) => other !== peer);
    if (rest.length > 0) this.#peersByIdLow.set(key, rest);
    else this.#peersByIdLow.delete(key);
  }

  /** The epochs and the count of accepted packets of a known node. */
  peer(nodeId: string): Readonly<Pick<TrunkPeer, 'nodeId' | 'epochs' | 'acceptedPackets'>> | undefined {
    return this.#peers.get(nodeId);
  }

  /**
   * Accepts packets of a node under a key that it announced. The same one again changes nothing.
   * @throws {TrunkError} `bad-key`, `unknown-node`
   */
  installKey(nodeId: string, announcement: KeyAnnouncement): void {
    const peer = this.#peers.get(nodeId);
    if (peer === undefined) throw new TrunkError('unknown-node', `there is no node "${nodeId}"`);
    peer.install(announcement);
  }

  /** Forgets keys that are no longer in use. Must be called about every second, more often with short intervals. */
  expireKeys(nowMs: number): void {
    for (const peer of this.#peers.values()) peer.expireKeys(nowMs, this.#options.retainMs);
  }

  /**
   * Reads a packet. Never throws. HOT PATH
   * @param packet exactly one datagram
   * @returns the frame, valid until the next call, or the reason why there is none
   */
  decode(packet: Uint8Array): ReceivedFrame | DropReason {
    const result = this.#decode(packet);
    if (typeof result === 'string') this.dropped[result] += 1;
    return result;
  }

  #decode(packet: Uint8Array): ReceivedFrame | DropReason {
    if (packet.length < MIN_PACKET_BYTES) return 'too-short';
    if (packet.length > MAX_PACKET_BYTES) return 'too-large';
    if (readUint32(packet, 0) !== VERSION_AND_TYPE << 24) return 'bad-version';
    const idHigh = readUint32(packet, SENDER_OFFSET);
    const idLow = readUint32(packet, SENDER_OFFSET + 4);
    const peer = this.#findPeer(idHigh, idLow);
    if (peer === undefined) return hasId(this.#own, idHigh, idLow) ? 'own' : 'unknown-sender';
    const key = peer.keyOf(readUint32(packet, EPOCH_OFFSET));
    if (key === undefined) return 'unknown-epoch';
    const counterHigh = readUint32(packet, COUNTER_OFFSET);
    const counterLow = readUint32(packet, COUNTER_OFFSET + 4);
    // This check comes before authentication only because it is cheaper; it changes nothing.
    if (!key.window.isFresh(counterHigh, counterLow)) return 'replayed';
    if (!this.#aead.open(packet, key.key, this.#reader.body)) return 'forged';
    key.window.accept(counterHigh, counterLow);
    key.used = true;
    peer.acceptedPackets += 1;
    return this.#reader.read(packet.length - HEADER_BYTES - TAG_BYTES, peer.nodeId, key.epoch);
  }

  #findPeer(idHigh: number, idLow: number): TrunkPeer | undefined {
    const peers = this.#peersByIdLow.get(idLow | 0);
    if (peers === undefined) return undefined;
    for (let i = 0; i < peers.length; i += 1) {
      const peer = peers[i];
      if (peer !== undefined && hasId(peer, idHigh, idLow)) return peer;
    }
    return undefined;
  }
}

function hasId(peer: TrunkPeer, idHigh: number, idLow: number): boolean {
  return peer.idHigh === idHigh && peer.idLow === idLow;
}
