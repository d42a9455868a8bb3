import { randomBytes } from 'node:crypto';
import type { EventChannel, EventChannelDeps, EventCounters, PeerDownReason, PeerInfo } from '../channel.ts';
import { Inbox } from '../inbox.ts';
import { requireNodeId, requireSubject, withDefaults } from '../options.ts';
import { type BrokerOptions, NatsBroker } from './broker.ts';
import {
  decodeControl,
  decodeFrame,
  encodeControl,
  encodeSealed,
  FRAME_HEADER_BYTES,
  type Frame,
  KIND,
  NO_SESSION,
  type ReceivedFrame,
} from './frame.ts';
import { NatsPeer } from './peer.ts';
import { MAX_SEAL_BYTES, NatsSeal } from './seal.ts';
import type { Verdict } from './session.ts';
import { randomKey, SEALED_PAYLOAD_BYTES, sealPayload } from './session-keys.ts';

const DEFAULTS = {
  heartbeatMs: 1000,
  deadAfterMs: 5000,
  maxMessageBytes: 8 * 1024 * 1024,
  /** Bytes that may wait for the server; one for which more wait is too slow. */
  maxQueueBytes: 32 * 1024 * 1024,
  /** Nodes that are not spoken with. What is sent to all they can still read: to shut one out, change the secret. */
  isRevoked: (_nodeId: string): boolean => false,
};

export type NatsOptions = Partial<typeof DEFAULTS> &
  Pick<BrokerOptions, 'servers' | 'login' | 'tls'> & {
    readonly nodeId: string;
    /** Several clusters may share a broker: subjects are `rostrum.<cluster>.all` and `rostrum.<cluster>.to.<node id>`. */
    readonly cluster: string;
    /** The secret of the cluster. */
    readonly secret: Uint8Array;
  };

/** How finely the dead time is measured. */
const TICKS_PER_BEAT = 4;
/** A node that is not up is forgotten after so many dead times. Only nodes with the secret are remembered at all. */
const FORGET_AFTER_DEAD_TIMES = 20;
/** More of a large message makes other nodes wait. */
const MAX_PART_BYTES = 256 * 1024;

/**
 * Nodes meet at a NATS server. It sees which nodes talk to each other and how much, and can hold things back; no more.
 */
export class NatsChannel<Message> implements EventChannel<Message> {
  readonly #options: NatsOptions & typeof DEFAULTS;
  readonly #deps: EventChannelDeps<Message>;
  readonly #inbox: Inbox<Message>;
  readonly #incarnation = randomBytes(32).toString('hex');
  readonly #keyToAll = randomKey();
  readonly #broker: NatsBroker;
  readonly #toAll: string;
  /** By node id; see FORGET_AFTER_DEAD_TIMES. */
  readonly #peers = new Map<string, NatsPeer>();
  #seal: NatsSeal | null = null;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #sentToAll = 0;
  #timers: NodeJS.Timeout[] = [];
  #tickedAtMs = 0;
  #beats = 0;

  constructor(options: NatsOptions, deps: EventChannelDeps<Message>) {
    this.#options = withDefaults(options, DEFAULTS);
    const { nodeId, cluster, servers, login, tls, maxQueueBytes } = this.#options;
    requireNodeId(nodeId);
    requireSubject('cluster name', cluster);
    this.#deps = deps;
    this.#inbox = new Inbox(deps);
    this.#toAll = `rostrum.${cluster}.all`;
    const subjects = [this.#toAll, this.#subjectOf(nodeId)];
    this.#broker = new NatsBroker(
      { servers, login, tls, name: `rostrum ${nodeId}`, subjects, maxQueueBytes },
      {
        onConnected: (server) => this.#connected(server),
        onLost: (why) => this.#lost(why),
        onFailed: (code, cause) => {
          const text = `no connection to NATS at ${servers.join(', ')}: ${code}; trying again until it answers`;
          this.#inbox.warnOnce('broker', text);
          deps.logger.debug('no connection to NATS', { error: cause });
        },
        onPacket: (subject, packet) => this.#handlePacket(subject, packet),
      },
    );
  }

  get counters(): Readonly<EventCounters> {
    return this.#inbox.counters;
  }

  get peers(): ReadonlyMap<string, PeerInfo> {
    const address = this.#broker.server ?? '';
    return new Map(
      [...this.#peers].filter(([, { session }]) => session.isUp).map(([id, peer]) => [id, peer.info(address)]),
    );
  }

  get problems(): readonly string[] {
    if (this.#broker.server !== null) return [];
    return [`no connection to NATS at ${this.#options.servers.join(', ')}, so other nodes are not reached`];
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    const { secret, nodeId, heartbeatMs } = this.#options;
    this.#seal = await NatsSeal.make(secret, nodeId);
    if (this.#isStopped()) return;
    this.#tickedAtMs = this.#deps.now();
    this.#timers = [
      setInterval(() => this.#beat(), heartbeatMs),
      setInterval(() => this.#tick(), heartbeatMs / TICKS_PER_BEAT),
    ];
    this.#broker.start();
  }

  async stop(): Promise<void> {
    if (this.#isStopped()) return;
    this.#state = 'stopped';
    for (const timer of this.#timers) clearInterval(timer);
    for (const peer of this.#peers.values()) peer.sendControl({ type: 'end', reason: 'left' });
    this.#endAll('stopped');
    await this.#broker.stop();
  }

  send(to: string, message: Message): boolean {
    const peer = this.#peers.get(to);
    const bytes = peer?.session.isUp && this.#encode(message);
    if (!peer || !bytes) return false;
    const isSent = this.#inParts(bytes, (part, isLast) => peer.sendDirect(part, isLast));
    if (!isSent) return false;
    peer.sent++;
    this.#inbox.counters.sent++;
    return true;
  }

  broadcast(message: Message): void {
    const connected = [...this.#peers.values()].filter(({ session }) => session.isUp);
    const bytes = connected.length > 0 && this.#encode(message);
    if (!bytes) return;
    const isSent = this.#inParts(bytes, (part, isLast) =>
      this.#sendToAll(isLast ? KIND.all : KIND.allPart, (header) => sealPayload(this.#keyToAll, header, part)),
    );
    if (!isSent) return;
    for (const peer of connected) peer.sent++;
    this.#inbox.counters.sent += connected.length;
  }

  #encode(message: Message): Buffer | null {
    const bytes = Buffer.from(JSON.stringify(message));
    const { maxMessageBytes } = this.#options;
    if (bytes.length <= maxMessageBytes) return bytes;
    this.#inbox.tooLarge('own', `a message of ${bytes.length} bytes was not sent: ${maxMessageBytes} are allowed`);
    return null;
  }

  #inParts(bytes: Buffer, send: (part: Buffer, isLast: boolean) => boolean): boolean {
    const room = this.#broker.maxPacketBytes - MAX_SEAL_BYTES - FRAME_HEADER_BYTES - SEALED_PAYLOAD_BYTES;
    const size = Math.max(1, Math.min(room, MAX_PART_BYTES));
    for (let at = 0; at < bytes.length; at += size) {
      const isLast = at + size >= bytes.length;
      if (!send(bytes.subarray(at, at + size), isLast)) return false;
    }
    return true;
  }

  #sendToAll(kind: Frame['kind'], payloadFor: (header: Uint8Array) => Uint8Array): boolean {
    const all = this.#sentToAll + 1;
    const frame = encodeSealed(
      { kind, session: this.#incarnation, peerSession: NO_SESSION, direct: 0, all },
      payloadFor,
    );
    if (!this.#publish(this.#toAll, frame)) return false;
    this.#sentToAll = all;
    return true;
  }

  #publish(subject: string, frame: Buffer): boolean {
    if (!this.#seal || this.#broker.server === null) return false;
    return this.#broker.publish(subject, this.#seal.seal(subject, frame));
  }

  #subjectOf(nodeId: string): string {
    return `rostrum.${this.#options.cluster}.to.${nodeId}`;
  }

  #connected(server: string): void {
    this.#inbox.forget('broker');
    this.#deps.logger.info(`connected with NATS (${server})`);
    this.#beat();
  }

  #lost(why: 'lost' | 'slow'): void {
    const { servers } = this.#options;
    this.#inbox.warnOnce('broker', `the connection to NATS at ${servers.join(', ')} is ${why}; connecting again`);
    this.#endAll(why === 'slow' ? 'slow' : 'broker');
  }

  #endAll(reason: PeerDownReason): void {
    for (const { session } of [...this.#peers.values()]) session.end(reason, this.#deps.now());
  }

  #handlePacket(subject: string, packet: Uint8Array): void {
    const unsealed = this.#seal?.unseal(subject, packet);
    if (!unsealed || this.#isStopped()) return;
    if (unsealed.kind === 'refused') return this.#inbox.refuse(unsealed.reason, subject, `ignored ${unsealed.detail}`);
    const { nodeId: ownId, isRevoked } = this.#options;
    const { sender } = unsealed;
    const frame = decodeFrame(unsealed.frame);
    if (!frame) {
      return this.#inbox.refuse('protocol', sender, `ignored something from node ${sender} that is not a frame`);
    }
    if (sender === ownId) return this.#fromNamesake(frame);
    if (isRevoked(sender)) return this.#inbox.refuse('revoked', sender, `ignored node ${sender}, which is revoked`);
    this.#dispatch(sender, this.#peerOf(sender), frame, subject === this.#toAll);
  }

  /** The server returns nothing to its sender, but may repeat it later. */
  #fromNamesake({ kind, session }: Frame): void {
    if (kind !== KIND.allControl || session === this.#incarnation) return;
    const text = `there is another node with the id of this one, ${this.#options.nodeId}: give each node its own`;
    this.#inbox.refuse('id-taken', 'own', text);
  }

  #dispatch(sender: string, peer: NatsPeer, frame: ReceivedFrame, isToAll: boolean): void {
    const { session } = peer;
    const nowMs = this.#deps.now();
    peer.heardAtMs = nowMs;
    const isKindToAll = frame.kind === KIND.all || frame.kind === KIND.allPart || frame.kind === KIND.allControl;
    if (isKindToAll !== isToAll) {
      return this.#inbox.refuse('protocol', sender, `a frame of node ${sender} is misdirected`);
    }
    if (frame.kind === KIND.directControl) return this.#control(sender, peer, frame, nowMs);
    if (frame.kind === KIND.allControl) session.heardOf(nowMs);
    const verdict = isToAll
      ? session.all(frame.session, frame.all, nowMs)
      : session.direct(frame.session, frame.peerSession, frame.direct, frame.all, nowMs);
    if (!this.#isTaken(verdict, sender)) return;
    if (frame.kind === KIND.allControl) this.#announced(peer, frame, nowMs);
    else this.#message(sender, peer, frame, nowMs);
  }

  #announced(peer: NatsPeer, frame: Frame, nowMs: number): void {
    const control = decodeControl(frame.payload);
    if (control?.type !== 'beat') return;
    const direct = control.direct[this.#options.nodeId];
    if (direct !== undefined) peer.session.announced(direct, nowMs);
  }

  #message(sender: string, peer: NatsPeer, frame: ReceivedFrame, nowMs: number): void {
    const payload = peer.openMessage(frame);
    if (!payload) return this.#notOfSession(sender, peer, nowMs);
    const { kind } = frame;
    const message = peer.assembly.add(payload, kind === KIND.all || kind === KIND.direct);
    if (message === 'oversized') {
      const { maxMessageBytes } = this.#options;
      this.#inbox.tooLarge(sender, `node ${sender} sent more than ${maxMessageBytes} bytes: disconnected`);
      peer.session.restart('oversized', nowMs);
    } else if (message) {
      if (this.#inbox.receive(sender, message)) peer.received++;
    }
  }

  /** It knows the secret of the cluster, and not the keys of the session. */
  #notOfSession(sender: string, peer: NatsPeer, nowMs: number): void {
    this.#inbox.refuse('secret', sender, `ignored what calls itself node ${sender} and does not know its keys`);
    peer.session.restart('resync', nowMs);
  }

  #control(sender: string, peer: NatsPeer, frame: ReceivedFrame, nowMs: number): void {
    const { session: nonce, peerSession: echo, all, payload } = frame;
    const { session } = peer;
    const isOfSession = session.isOf(nonce, echo);
    const control = decodeControl(payload);
    switch (control?.type) {
      case 'syn':
        this.#isTaken(session.syn(nonce, echo, control.incarnation, control.busy, nowMs) ?? 'drop', sender);
        return;
      case 'open':
        if (!this.#isTaken(session.open(nonce, echo, control.incarnation, all, nowMs), sender)) return;
        if (!peer.learnKey(frame, control.key)) this.#notOfSession(sender, peer, nowMs);
        return;
      case 'end':
        if (this.#isTaken(isOfSession ? 'take' : 'replay', sender)) session.end(control.reason, nowMs);
        return;
      case 'ping':
        if (isOfSession) peer.sendControl({ type: 'pong', atMs: control.atMs });
        return;
      case 'pong':
        if (isOfSession && control.atMs <= nowMs) peer.roundTripMs = nowMs - control.atMs;
        return;
      // A later version may send others.
      case 'beat':
      case undefined:
        return;
    }
  }

  #isTaken(verdict: Verdict | 'id-taken', sender: string): boolean {
    if (verdict === 'id-taken') {
      this.#inbox.refuse('id-taken', sender, `ignored one of two nodes with the id ${sender}`);
    } else if (verdict === 'replay') {
      this.#inbox.refuse('replay', sender, `ignored an old packet of node ${sender}; further ones are counted`);
    }
    return verdict === 'take';
  }

  #peerOf(nodeId: string): NatsPeer {
    const known = this.#peers.get(nodeId);
    if (known) return known;
    const subject = this.#subjectOf(nodeId);
    const peer = new NatsPeer(this.#options, {
      publish: (frame) => this.#publish(subject, frame),
      sentToAll: () => this.#sentToAll,
      incarnation: this.#incarnation,
      keyToAll: this.#keyToAll,
      onUp: () => this.#inbox.up(nodeId, this.#broker.server ?? 'NATS'),
      onDown: (reason) => this.#inbox.down(nodeId, reason),
    });
    this.#peers.set(nodeId, peer);
    return peer;
  }

  /** Says that this node is there, and measures the way to one peer, another one each time. */
  #beat(): void {
    const direct: Record<string, number> = {};
    for (const [nodeId, peer] of this.#peers) {
      const count = peer.announce();
      if (count !== null) direct[nodeId] = count;
    }
    this.#sendToAll(KIND.allControl, () => encodeControl({ type: 'beat', direct }));
    const connected = [...this.#peers.values()].filter(({ session }) => session.isUp);
    connected[this.#beats++ % Math.max(1, connected.length)]?.sendControl({ type: 'ping', atMs: this.#deps.now() });
  }

  #tick(): void {
    const nowMs = this.#deps.now();
    const { heartbeatMs, deadAfterMs, isRevoked } = this.#options;
    const isLate = nowMs - this.#tickedAtMs > heartbeatMs;
    this.#tickedAtMs = nowMs;
    for (const [nodeId, peer] of [...this.#peers]) {
      if (isLate) peer.session.excuse(nowMs);
      if (peer.session.isUp && isRevoked(nodeId)) {
        peer.sendControl({ type: 'end', reason: 'revoked' });
        peer.session.end('revoked', nowMs);
      }
      peer.session.tick(nowMs);
      const isForgotten = nowMs - peer.heardAtMs > FORGET_AFTER_DEAD_TIMES * deadAfterMs;
      if (isForgotten && !peer.session.isUp) this.#peers.delete(nodeId);
    }
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}
