import { randomBytes } from 'node:crypto';
import type { ConferenceIndex } from '../../trunk/conference-index.ts';
import { KeySchedule, retainMsOf } from '../../trunk/key-schedule.ts';
import { MAX_PACKET_BYTES } from '../../trunk/packet-format.ts';
import type { ReceivedFrame } from '../../trunk/received-frame.ts';
import type { Aead } from '../../trunk/sodium-aead.ts';
import type { KeyAnnouncement } from '../../trunk/trunk-peer.ts';
import { TrunkReceiver } from '../../trunk/trunk-receiver.ts';
import { type OutgoingFrame, TrunkSender } from '../../trunk/trunk-sender.ts';
import type { TrunkStream } from '../../trunk/trunk-stream.ts';
import type { MulticastOptions, Udp, UdpPeer, UdpSocket, UdpSource } from '../../udp/udp.ts';
import type { TrunkOptions } from '../protocol/media-messages.ts';
import type { RtpAddress, TrunkPeerSpec, TrunkStatsReport } from '../protocol/protocol.ts';
import { TrunkTarget } from './trunk-target.ts';

/** At 60,000 packets a second the kernel's default loses a sixth of them. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Expedited forwarding, RFC 3246: networks that know it send voice packets first. */
const DSCP = 46;
/** The limits are for the nodes of a cluster, and the conferences of a node. */
const MOST_NODES = 256;
const MOST_CONFERENCES = 4096;
/** A relay that has just started sends everything to all nodes, so that nothing is missed after an upgrade. */
const TRUSTING_MS = 2000;

export type TrunkDeps = {
  aead: Aead;
  udp: Udp;
  /** Receives each authentic frame, which is valid until the callback returns. */
  onFrame: (frame: ReceivedFrame, nowMs: number) => void;
  /** A key that one node, or every node (null), must know. */
  onAnnounce: (to: string | null, announcement: KeyAnnouncement) => void;
};

/** The counts that nodes report, and the packets accepted, by node. */
export type TrunkStats = Omit<TrunkStatsReport, 'nodes'> & { readonly accepted: Readonly<Record<string, number>> };

type Peer = { readonly target: TrunkTarget | null; readonly multicast: boolean };

/**
 * The connection to the relays of other nodes: makes one packet of each frame, and sends it to all nodes that need it.
 */
export class Trunk {
  readonly #options: TrunkOptions;
  readonly #deps: TrunkDeps;
  readonly #sender: TrunkSender;
  readonly #receiver: TrunkReceiver;
  readonly #keys: KeySchedule;
  readonly #peers = new Map<string, Peer>();
  readonly #packet = Buffer.alloc(MAX_PACKET_BYTES);
  #socket: UdpSocket | null = null;
  #groupSocket: UdpSocket | null = null;
  /** The address for packets to all; null before the group is joined, and without multicast. */
  #group: UdpPeer | null = null;
  #sent = 0;
  readonly #trustingUntilMs = performance.now() + TRUSTING_MS;

  constructor(options: TrunkOptions, deps: TrunkDeps) {
    const { nodeId, rekeyIntervalMs } = options;
    this.#options = options;
    this.#deps = deps;
    this.#sender = new TrunkSender({ nodeId }, deps);
    const limits = { maxNodes: MOST_NODES, maxConferences: MOST_CONFERENCES, retainMs: retainMsOf(rekeyIntervalMs) };
    this.#receiver = new TrunkReceiver({ nodeId, ...limits }, deps);
    this.#keys = new KeySchedule({ rekeyIntervalMs }, { randomBytes });
  }

  /**
   * Rejects with the error of the socket, e.g. if the port is taken.
   * @param descriptors of the sockets that another process has handed over, if any
   */
  async start([own, groups]: readonly number[] = []): Promise<void> {
    this.tick(performance.now());
    const { bind, multicast } = this.#options;
    if (!multicast) {
      this.#socket = await this.#open(bind, own);
      return;
    }
    const { group, ttl, interfaceAddress } = multicast;
    this.#socket = await this.#open(bind, own, { role: 'sender', interfaceAddress, ttl });
    this.#groupSocket = await this.#open(group, groups, { role: 'member', interfaceAddress });
    this.#group = this.#deps.udp.peer(group.host, group.port);
  }

  /** The descriptors of the sockets, for a successor. */
  get descriptors(): readonly number[] {
    return [this.#socket?.descriptor, this.#groupSocket?.descriptor].filter((fd) => typeof fd === 'number');
  }

  get stats(): TrunkStats {
    const acceptedFrom = (nodeId: string) => this.#receiver.peer(nodeId)?.acceptedPackets ?? 0;
    return {
      sent: this.#sent,
      sendErrors: this.#socket?.failed ?? 0,
      refused: { ...this.#sender.refused },
      dropped: { ...this.#receiver.dropped },
      accepted: Object.fromEntries([...this.#peers.keys()].map((nodeId) => [nodeId, acceptedFrom(nodeId)])),
    };
  }

  /** Sets the known nodes. A node that is not listed is forgotten, with its keys. */
  setPeers(peers: readonly TrunkPeerSpec[]): void {
    const named = new Set(peers.map(({ nodeId }) => nodeId));
    for (const nodeId of [...this.#peers.keys()]) {
      if (named.has(nodeId)) continue;
      this.#peers.delete(nodeId);
      this.#receiver.removeNode(nodeId);
      this.#keys.peerLeft(nodeId);
    }
    for (const { nodeId, address, multicast } of peers) {
      const known = this.#peers.get(nodeId);
      this.#receiver.addNode(nodeId);
      const target = address && this.#targetAt(address, known?.target ?? null);
      this.#peers.set(nodeId, { target, multicast: multicast && this.#group !== null });
      if (!known) this.#keys.peerConnected(nodeId);
    }
    this.tick(performance.now());
  }

  /** Announces the keys of this node to another one. */
  announceTo(nodeId: string): void {
    for (const announcement of this.#keys.announcements()) this.#deps.onAnnounce(nodeId, announcement);
  }

  /** @throws TrunkError if the node is unknown, or the key is invalid */
  installKey(nodeId: string, announcement: KeyAnnouncement): void {
    this.#receiver.installKey(nodeId, announcement);
  }

  acknowledged(nodeId: string, epoch: number): void {
    this.#keys.acknowledge(nodeId, epoch);
    this.tick(performance.now());
  }

  /** Closes the sockets of this process; a successor keeps its own descriptors of them. */
  stop(): void {
    this.#socket?.close();
    this.#groupSocket?.close();
  }

  /** Only packets of these conferences are accepted. */
  get conferences(): ConferenceIndex {
    return this.#receiver.conferences;
  }

  /** HOT PATH. Sends 20 ms to these nodes. */
  send(stream: TrunkStream, frame: OutgoingFrame, nodeIds: readonly string[]): void {
    const socket = this.#socket;
    if (socket === null || nodeIds.length === 0) return;
    const bytes = this.#sender.encodeInto(this.#packet, stream, frame);
    if (bytes === 0) return;
    let toGroup = false;
    const nowMs = performance.now();
    for (const nodeId of nodeIds) {
      const peer = this.#peers.get(nodeId);
      if (peer?.multicast) toGroup = true;
      else if (peer?.target?.isDue(nowMs)) this.#transmit(socket, bytes, peer.target.to);
    }
    if (toGroup && this.#group) this.#transmit(socket, bytes, this.#group);
  }

  #transmit(socket: UdpSocket, bytes: number, to: UdpPeer): void {
    this.#sent += 1;
    socket.sendTo(this.#packet, bytes, to);
  }

  /** Makes and retires keys. Must be called a few times per second. */
  tick(nowMs: number): void {
    for (const step of this.#keys.advance(nowMs)) {
      if (step.type === 'activate') this.#sender.use(step.senderKey);
      else this.#deps.onAnnounce(null, step.announcement);
    }
    this.#receiver.expireKeys(nowMs);
  }

  #open({ host, port }: RtpAddress, descriptor?: number, multicast?: MulticastOptions): Promise<UdpSocket> {
    const options = { host, port, descriptor, multicast, receiveBufferBytes: RECEIVE_BUFFER_BYTES, dscp: DSCP };
    return this.#deps.udp.open(options, (packet, from) => this.#receive(packet, from));
  }

  #targetAt(address: RtpAddress, known: TrunkTarget | null): TrunkTarget {
    const { host, port } = address;
    if (known?.address.host === host && known.address.port === port) return known;
    const times = { trustedUntilMs: this.#trustingUntilMs, nowMs: performance.now() };
    return new TrunkTarget(address, (...at) => this.#deps.udp.peer(...at), times);
  }

  /** HOT PATH. */
  #receive(packet: Buffer, from: UdpSource): void {
    const frame = this.#receiver.decode(packet);
    if (typeof frame === 'string') return;
    const nowMs = performance.now();
    this.#peers.get(frame.nodeId)?.target?.heardFrom(from, nowMs);
    this.#deps.onFrame(frame, nowMs);
  }
}
