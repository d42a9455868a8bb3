import { randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { WebSocket } from 'ws';
import type { EventChannel, EventChannelDeps, EventCounters, PeerInfo } from '../channel.ts';
import { Inbox } from '../inbox.ts';
import { requireNodeId, withDefaults } from '../options.ts';
import { MeshConnection } from './connection.ts';
import { type DialFailure, MeshDialler, type MeshPeer } from './dialler.ts';
import { MeshLink } from './link.ts';
import { MeshListener } from './listener.ts';
import { type CloseReason, encodeHello, encodeMessage, type Hello, judgeHello } from './protocol.ts';
import type { SecretFor } from './tls.ts';

const DEFAULTS = {
  pingIntervalMs: 2000,
  deadAfterMs: 6000,
  handshakeTimeoutMs: 5000,
  maxMessageBytes: 8 * 1024 * 1024,
  /** Bytes that may wait for a peer. A peer that lets more wait is too slow, and is disconnected. */
  maxQueueBytes: 32 * 1024 * 1024,
  /** Connections that have not identified themselves. */
  maxHandshakes: 128,
};

export type MeshOptions = Partial<typeof DEFAULTS> & {
  readonly nodeId: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly peers: readonly MeshPeer[];
  /**
   * The secret shared with a peer; null: the peer is unknown, or may not connect any more. Asked again all the time, also
   * for the own id, which another node may have by mistake.
   */
  readonly secretFor: SecretFor;
};

/** How finely the dead time is measured. */
const TICKS_PER_PING = 4;
/** How long the peers have to take leave. */
const FAREWELL_MS = 500;
/** The reasons that the other side may give when it closes a connection that this node has dialled. */
const COMPLAINTS: Partial<Record<CloseReason, string>> = {
  'id-taken': 'there is another node with the id of this one: give each node its own',
  version: 'it speaks another version of the event protocol',
  identity: 'it expected another node here',
  revoked: 'it has no secret for this node any more',
};

type Newcomer = {
  readonly isDialled: boolean;
  readonly address: string;
  /** The id that it must have, null if any will do. */
  readonly expected: string | null;
  readonly settle: () => void;
  readonly onHello?: (hello: Hello) => void;
  /** @param word that with which either side closed it */
  readonly onEnd?: (word: CloseReason | null) => void;
};

/** Every node listens, and dials every other: WebSockets over TLS with pre-shared keys. */
export class MeshChannel<Message> implements EventChannel<Message> {
  readonly #options: MeshOptions & typeof DEFAULTS;
  readonly #deps: EventChannelDeps<Message>;
  readonly #inbox: Inbox<Message>;
  readonly #own: Hello;
  readonly #listener: MeshListener;
  readonly #diallers: readonly MeshDialler[];
  /** All open ones, bounded by the listener and the configured peers. */
  readonly #connections = new Set<MeshConnection>();
  /** By node id; one without a connection is removed. */
  readonly #links = new Map<string, MeshLink>();
  #state: 'new' | 'running' | 'stopped' = 'new';
  #ticker: NodeJS.Timeout | null = null;
  #tickedAtMs = 0;

  constructor(options: MeshOptions, deps: EventChannelDeps<Message>) {
    requireNodeId(options.nodeId);
    this.#options = withDefaults(options, DEFAULTS);
    this.#deps = deps;
    this.#inbox = new Inbox(deps);
    this.#own = { node: options.nodeId, incarnation: randomBytes(12).toString('base64url') };
    const peerAddresses = new Set(options.peers.map(({ host }) => host));
    this.#listener = new MeshListener(
      { ...this.#options, peerAddresses },
      {
        onArrival: ({ socket, stream, identity, address, settle }) =>
          this.#greet(socket, stream, { isDialled: false, address, expected: identity, settle }),
        onRefused: (reason, address, detail) => {
          const text = `refused a connection from ${address}: ${detail}; further ones are counted`;
          this.#inbox.refuse(reason, hostOf(address), text);
        },
      },
    );
    const others = options.peers.filter((peer) => peer.nodeId !== options.nodeId);
    this.#diallers = others.map((peer) => this.#diallerFor(peer));
  }

  get counters(): Readonly<EventCounters> {
    return this.#inbox.counters;
  }

  get peers(): ReadonlyMap<string, PeerInfo> {
    const peers = new Map<string, PeerInfo>();
    for (const [nodeId, { active }] of this.#links) {
      if (!active) continue;
      const { sinceMs, address, roundTripMs, sent, received } = active;
      peers.set(nodeId, { sinceMs, address, roundTripMs, sent, received });
    }
    return peers;
  }

  get problems(): readonly string[] {
    return this.#diallers.flatMap(({ address, unreached }) =>
      unreached === null ? [] : [`no node answers at ${address} (${unreached}): correct cluster.peers, or start it`],
    );
  }

  /** Where it listens, null if it does not. */
  get port(): number | null {
    return this.#listener.port;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    await this.#listener.start();
    if (this.#isStopped()) return this.#listener.close();
    this.#tickedAtMs = this.#deps.now();
    this.#ticker = setInterval(() => this.#tick(), this.#options.pingIntervalMs / TICKS_PER_PING);
    for (const dialler of this.#diallers) dialler.start();
  }

  async stop(): Promise<void> {
    if (this.#isStopped()) return;
    this.#state = 'stopped';
    if (this.#ticker) clearInterval(this.#ticker);
    for (const dialler of this.#diallers) dialler.stop();
    for (const link of this.#links.values()) link.close();
    for (const connection of this.#connections) connection.close('left', 'stopped');
    const closed = this.#listener.close();
    const timer = setTimeout(() => this.#listener.destroyAll(), FAREWELL_MS);
    await closed;
    clearTimeout(timer);
  }

  send(to: string, message: Message): boolean {
    const connection = this.#links.get(to)?.active;
    const frame = connection && this.#encode(message);
    return frame ? this.#sendFrame(connection, frame) : false;
  }

  broadcast(message: Message): void {
    if (this.#links.size === 0) return;
    const frame = this.#encode(message);
    if (!frame) return;
    // Copied: a peer that is too slow leaves the map meanwhile.
    for (const { active } of [...this.#links.values()]) if (active) this.#sendFrame(active, frame);
  }

  #encode(message: Message): Buffer | null {
    const { maxMessageBytes } = this.#options;
    const frame = encodeMessage(JSON.stringify(message));
    if (frame.length - 1 <= maxMessageBytes) return frame;
    this.#inbox.tooLarge('own', `a message of ${frame.length - 1} bytes was not sent: ${maxMessageBytes} are allowed`);
    return null;
  }

  #sendFrame(connection: MeshConnection, frame: Buffer): boolean {
    if (!connection.send(frame)) return false;
    connection.sent++;
    this.#inbox.counters.sent++;
    return true;
  }

  #diallerFor(peer: MeshPeer): MeshDialler {
    const dialler: MeshDialler = new MeshDialler(
      { ...this.#options, peer },
      {
        onOpen: (socket, stream) => this.#dialled(dialler, peer, socket, stream),
        onFailed: (failure) => this.#dialFailed(dialler, failure),
      },
    );
    return dialler;
  }

  #dialled(dialler: MeshDialler, peer: MeshPeer, socket: WebSocket, stream: TLSSocket): void {
    const { address } = dialler;
    const timer = setTimeout(() => {
      this.#inbox.refuse('timeout', hostOf(address), `${address} accepted a connection and did not go on`);
      connection.kill('silent');
    }, this.#options.handshakeTimeoutMs);
    const connection = this.#greet(socket, stream, {
      isDialled: true,
      address,
      expected: peer.nodeId ?? null,
      settle: () => clearTimeout(timer),
      onHello: ({ node }) => dialler.found(node, Boolean(this.#links.get(node)?.active), this.#deps.now()),
      onEnd: (word) => {
        clearTimeout(timer);
        const complaint = word && COMPLAINTS[word];
        if (complaint) this.#inbox.warnOnce(`${address} ${word}`, `${address} refused this node: ${complaint}`);
        dialler.ended(socket, word === 'self');
        this.#dialOver(dialler);
      },
    });
  }

  #dialFailed(dialler: MeshDialler, { code, cause, isNews }: DialFailure): void {
    const isTls = code === 'EPROTO' || code.startsWith('ERR_SSL');
    const why = isTls ? `it is not a node, or has another secret, or has none for this node (${code})` : code;
    const text = `no connection to ${dialler.address}: ${why}; trying again until it answers`;
    if (isNews) this.#deps.logger.warn(text, { error: cause });
    this.#dialOver(dialler);
  }

  #dialOver({ nodeId }: MeshDialler): void {
    if (nodeId !== null) this.#links.get(nodeId)?.dialFailed();
    else for (const link of [...this.#links.values()]) link.dialFailed();
  }

  /** Says hello on a new connection, and brings it to its link once the other side has. */
  #greet(socket: WebSocket, stream: TLSSocket, newcomer: Newcomer): MeshConnection {
    const { isDialled, address, settle, expected } = newcomer;
    let link: MeshLink | null = null;
    const connection: MeshConnection = new MeshConnection(
      socket,
      stream,
      { isDialled, address, settle, maxQueueBytes: this.#options.maxQueueBytes, now: this.#deps.now },
      {
        onGreeting: (frame) => {
          const verdict = judgeHello(frame, this.#own, expected);
          if (verdict.kind === 'self') return connection.close('self', 'lost');
          if (verdict.kind === 'refused') {
            const { reason, detail } = verdict;
            this.#inbox.refuse(reason, hostOf(address), `refused the node at ${address}: ${detail}`);
            return connection.close(reason, 'lost');
          }
          connection.hello = verdict.hello;
          newcomer.onHello?.(verdict.hello);
          link = this.#linkWith(verdict.hello.node);
          link.welcome(connection);
        },
        onControl: (type) => (type === 'ready' ? link?.ready(connection) : link?.use(connection)),
        onMessage: (json) => {
          // The other node sends by the connection in use only.
          if (!connection.hello || link?.active !== connection) return;
          if (this.#inbox.receive(connection.hello.node, json)) connection.received++;
        },
        onGarbage: () => {
          this.#inbox.refuse('protocol', hostOf(address), `ignored something from ${address} that is not a message`);
        },
        onOversized: () => {
          const { maxMessageBytes } = this.#options;
          this.#inbox.tooLarge(hostOf(address), `${address} sent more than ${maxMessageBytes} bytes: disconnected`);
        },
        onEnd: ({ reason, word }) => {
          this.#connections.delete(connection);
          link?.ended(connection, reason);
          if (link?.isEmpty && connection.hello) this.#links.delete(connection.hello.node);
          newcomer.onEnd?.(word);
        },
      },
    );
    this.#connections.add(connection);
    if (this.#isStopped()) connection.close('left', 'stopped');
    else connection.send(encodeHello(this.#own));
    return connection;
  }

  #linkWith(nodeId: string): MeshLink {
    const existing = this.#links.get(nodeId);
    if (existing) return existing;
    const link = new MeshLink(this.#own.node < nodeId, {
      isDialling: () => this.#diallers.some((dialler) => dialler.isDialling(nodeId)),
      onUp: (connection) => {
        connection.settle();
        connection.sinceMs = this.#deps.now();
        this.#tellDiallers(nodeId, true);
        this.#inbox.up(nodeId, connection.address);
      },
      onDown: (_connection, reason) => {
        this.#tellDiallers(nodeId, false);
        this.#inbox.down(nodeId, reason);
      },
      onIdTaken: (connection) => {
        const text = `refused ${connection.address}: there are two nodes with the id ${nodeId}`;
        this.#inbox.refuse('id-taken', hostOf(connection.address), text);
        connection.close('id-taken', 'lost');
      },
    });
    this.#links.set(nodeId, link);
    return link;
  }

  #tellDiallers(nodeId: string, isLinked: boolean): void {
    for (const dialler of this.#diallers) {
      if (dialler.nodeId === nodeId) dialler.linked(isLinked, this.#deps.now());
    }
  }

  #tick(): void {
    const nowMs = this.#deps.now();
    const { pingIntervalMs, deadAfterMs, secretFor } = this.#options;
    const isLate = nowMs - this.#tickedAtMs > pingIntervalMs;
    this.#tickedAtMs = nowMs;
    for (const connection of [...this.#connections]) {
      const { hello } = connection;
      if (isLate) connection.excuse(nowMs);
      if (hello && secretFor(hello.node) === null) connection.close('revoked', 'revoked');
      else connection.tick(nowMs, pingIntervalMs, deadAfterMs);
    }
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}

/** Ports differ with each connection: a problem is logged once for each host. */
function hostOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf(':'))) || address;
}
