import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { Aead } from '../trunk/aead.ts';
import { KeySchedule, type KeyStep, retainMsOf } from '../trunk/key-schedule.ts';
import type { OutgoingStream } from '../trunk/outgoing-stream.ts';
import { MAX_PACKET_BYTES } from '../trunk/packet-format.ts';
import type { ReceivedFrame } from '../trunk/received-frame.ts';
import type { KeyAnnouncement } from '../trunk/trunk-peer.ts';
import { type DropReason, TrunkReceiver } from '../trunk/trunk-receiver.ts';
import { type OutgoingFrame, type Refusal, TrunkSender } from '../trunk/trunk-sender.ts';
import type { RtpAddress, TrunkPeerWish } from './protocol.ts';
import type { TrunkOptions } from './worker-messages.ts';

/** At 60,000 packets a second the kernel's default loses a sixth of them. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** A packet may be in the hands of the kernel's queue while the next ones are made. */
const PACKETS_IN_TURN = 16;
const TICK_MS = 100;
/** Nodes of a cluster, and conferences of a node that may be on others too. */
const MOST_NODES = 256;
const MOST_CONFERENCES = 4096;

export type TrunkDeps = {
  aead: Aead;
  /** Receives each authentic frame; it is valid until it returns. */
  onFrame: (frame: ReceivedFrame, nowMs: number) => void;
  /** A key that one node, or every node (null), must know. */
  onAnnounce: (to: string | null, announcement: KeyAnnouncement) => void;
};

export type TrunkStats = {
  sent: number;
  sendErrors: number;
  /** Frames that could not be sent, by reason. */
  refused: Record<Refusal, number>;
  /** Packets that were not taken, by reason. */
  dropped: Record<DropReason, number>;
  /** Packets taken, by node. */
  accepted: Record<string, number>;
};

type Peer = { readonly address: RtpAddress | null; readonly multicast: boolean };

/**
 * The way to the relays of other nodes: makes each frame a packet once, and sends it to all who are to have it. It ends
 * with its thread.
 */
export class Trunk {
  readonly #options: TrunkOptions;
  readonly #deps: TrunkDeps;
  readonly #sender: TrunkSender;
  readonly #receiver: TrunkReceiver;
  readonly #keys: KeySchedule;
  readonly #peers = new Map<string, Peer>();
  readonly #packets = Array.from({ length: PACKETS_IN_TURN }, () => Buffer.alloc(MAX_PACKET_BYTES));
  #turn = 0;
  #socket: Socket | null = null;
  #group: Socket | null = null;
  #sent = 0;
  #sendErrors = 0;

  constructor(options: TrunkOptions, deps: TrunkDeps) {
    const { nodeId, rekeyIntervalMs } = options;
    this.#options = options;
    this.#deps = deps;
    this.#sender = new TrunkSender({ nodeId }, deps);
    const limits = { maxNodes: MOST_NODES, maxConferences: MOST_CONFERENCES, retainMs: retainMsOf(rekeyIntervalMs) };
    this.#receiver = new TrunkReceiver({ nodeId, ...limits }, deps);
    this.#keys = new KeySchedule({ rekeyIntervalMs }, { randomBytes });
  }

  /** Rejects with the error of the socket, e.g. if the port is taken. */
  async start(): Promise<void> {
    setInterval(() => this.#advanceKeys(), TICK_MS);
    this.#advanceKeys();
    this.#socket = await this.#open(this.#options.bind, false);
    const { multicast } = this.#options;
    if (!multicast) return;
    this.#socket.setMulticastTTL(multicast.ttl);
    this.#socket.setMulticastInterface(multicast.interfaceAddress);
    this.#socket.setMulticastLoopback(true);
    this.#group = await this.#open(multicast.group, true);
    this.#group.addMembership(multicast.group.host, multicast.interfaceAddress);
  }

  get stats(): TrunkStats {
    const accepted = [...this.#peers.keys()].map((nodeId) => [
      nodeId,
      this.#receiver.peer(nodeId)?.acceptedPackets ?? 0,
    ]);
    const { dropped } = this.#receiver;
    return {
      sent: this.#sent,
      sendErrors: this.#sendErrors,
      refused: { ...this.#sender.refused },
      dropped: { ...dropped },
      accepted: Object.fromEntries(accepted) as Record<string, number>,
    };
  }

  /** The nodes that there are; one that is not named is forgotten, with its keys. */
  setPeers(peers: readonly TrunkPeerWish[]): void {
    const named = new Set(peers.map(({ nodeId }) => nodeId));
    for (const nodeId of [...this.#peers.keys()]) {
      if (named.has(nodeId)) continue;
      this.#peers.delete(nodeId);
      this.#receiver.removeNode(nodeId);
      this.#keys.peerLeft(nodeId);
    }
    for (const { nodeId, address, multicast } of peers) {
      const isNew = !this.#peers.has(nodeId);
      this.#receiver.addNode(nodeId);
      this.#peers.set(nodeId, { address, multicast: multicast && this.#group !== null });
      if (isNew) this.#keys.peerConnected(nodeId);
    }
    this.#advanceKeys();
  }

  /** A node is to be told the keys under which it will get packets. */
  announceTo(nodeId: string): void {
    for (const announcement of this.#keys.announcements()) this.#deps.onAnnounce(nodeId, announcement);
  }

  /** @throws TrunkError if there is no such node, or it is no key */
  installKey(nodeId: string, announcement: KeyAnnouncement): void {
    this.#receiver.installKey(nodeId, announcement);
  }

  acknowledged(nodeId: string, epoch: number): void {
    this.#keys.acknowledge(nodeId, epoch);
    this.#advanceKeys();
  }

  /** Packets of this conference are taken from now on. */
  open(conference: string): void {
    this.#receiver.conferences.add(conference);
  }

  close(conference: string): void {
    this.#receiver.conferences.remove(conference);
  }

  /** HOT PATH. Sends 20 ms to these nodes. */
  send(stream: OutgoingStream, frame: OutgoingFrame, nodeIds: readonly string[]): void {
    const socket = this.#socket;
    if (socket === null || nodeIds.length === 0) return;
    this.#turn = (this.#turn + 1) % PACKETS_IN_TURN;
    const packet = this.#packets[this.#turn] as Buffer;
    const bytes = this.#sender.encodeInto(packet, stream, frame);
    if (bytes === 0) return;
    let toGroup = false;
    for (const nodeId of nodeIds) {
      const peer = this.#peers.get(nodeId);
      if (peer?.multicast) toGroup = true;
      else if (peer?.address) this.#transmit(socket, packet, bytes, peer.address);
    }
    const { multicast } = this.#options;
    if (toGroup && multicast) this.#transmit(socket, packet, bytes, multicast.group);
  }

  #transmit(socket: Socket, packet: Buffer, bytes: number, { host, port }: RtpAddress): void {
    this.#sent += 1;
    socket.send(packet, 0, bytes, port, host);
  }

  #advanceKeys(): void {
    const nowMs = performance.now();
    for (const step of this.#keys.advance(nowMs)) this.#take(step);
    this.#receiver.expireKeys(nowMs);
  }

  #take(step: KeyStep): void {
    if (step.type === 'activate') this.#sender.use(step.senderKey);
    else this.#deps.onAnnounce(null, step.announcement);
  }

  #open({ host, port }: RtpAddress, isGroup: boolean): Promise<Socket> {
    const socket = createSocket({
      type: 'udp4',
      reuseAddr: isGroup,
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      // The default look-up leaves the send path for every packet; all our addresses are numeric.
      lookup: (address, _, done) => done(null, address, 4),
    });
    socket.on('message', (packet) => this.#receive(packet));
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: host, port }, () => {
        socket.off('error', reject);
        // A relay that is being restarted refuses what is sent to it.
        socket.on('error', () => {
          this.#sendErrors += 1;
        });
        resolve(socket);
      });
    });
  }

  /** HOT PATH. */
  #receive(packet: Buffer): void {
    const frame = this.#receiver.decode(packet);
    if (typeof frame !== 'string') this.#deps.onFrame(frame, performance.now());
  }
}
