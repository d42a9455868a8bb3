import { constants } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { NODE_ID } from '../../base/node-id.ts';
import type { RefusalReason } from '../channel.ts';
import { EventChannelError } from '../errors.ts';
import { PATH } from './protocol.ts';
import { meshKey, type SecretFor, TLS } from './tls.ts';

export type ListenerOptions = {
  readonly nodeId: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly secretFor: SecretFor;
  readonly maxMessageBytes: number;
  readonly handshakeTimeoutMs: number;
  readonly maxHandshakes: number;
  /** IP addresses from which the other nodes connect, as far as they are known: they have room first. */
  readonly peerAddresses: ReadonlySet<string>;
};

export type Arrival = {
  readonly socket: WebSocket;
  readonly stream: TLSSocket;
  /** Has proven to know the secret for it. */
  readonly identity: string;
  readonly address: string;
  /** Call it once the connection is a peer's; it is cut when that takes too long. */
  readonly settle: () => void;
};

export type ListenerHandlers = {
  readonly onArrival: (arrival: Arrival) => void;
  readonly onRefused: (reason: RefusalReason, address: string, detail: string) => void;
};

const MAX_CONNECTIONS = 1024;
/** OpenSSL's word for a client that does not know the secret. */
const WRONG_SECRET = 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC';
const UNKNOWN_IDENTITY = 'ERR_SSL_PSK_IDENTITY_NOT_FOUND';

type Arriving = { readonly raw: Socket; readonly timer: NodeJS.Timeout; isTls: boolean };

/** Accepts connections of other nodes: TCP, TLS-PSK, WebSocket, within limits of number and time. */
export class MeshListener {
  readonly #options: ListenerOptions;
  readonly #handlers: ListenerHandlers;
  readonly #refuse: ListenerHandlers['onRefused'];
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  /** By remote address: bounded by MAX_CONNECTIONS. */
  readonly #arriving = new Map<string, Arriving>();
  readonly #identities = new WeakMap<TLSSocket, string>();
  /** Sockets that are through with TLS. */
  readonly #secure = new WeakSet<TLSSocket>();
  readonly #raws = new Set<Socket>();

  constructor(options: ListenerOptions, handlers: ListenerHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#refuse = handlers.onRefused;
    this.#sockets = new WebSocketServer({
      noServer: true,
      path: PATH,
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes + 1,
      clientTracking: false,
    });
    this.#server = createServer({
      ...TLS,
      // A resumed session would be let in without asking for its secret again.
      secureOptions: constants.SSL_OP_NO_TICKET,
      pskIdentityHint: options.nodeId,
      pskCallback: (stream, identity) => this.#pskOf(stream, identity),
      // The limit for all of it, in `#begin`, comes first.
      handshakeTimeout: options.handshakeTimeoutMs * 2,
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('drop', (data) => this.#refuse('flood', data?.remoteAddress ?? 'unknown', 'too many connections'));
    this.#server.on('connection', (raw: Socket) => this.#begin(raw));
    this.#server.on('secureConnection', (stream) => this.#secured(stream));
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, stream) => this.#failed(error, stream));
    this.#server.on('clientError', (_error, stream) => {
      // Node.js reports failures of TLS here again.
      if (!this.#secure.has(stream as TLSSocket)) return;
      this.#refuse('garbage', addressOf(stream as Socket), 'it does not speak HTTP');
      stream.destroy();
    });
    this.#server.on('request', (request, response) => {
      this.#refuse('garbage', addressOf(request.socket), 'it asked for a page');
      response.writeHead(426, { connection: 'close' }).end();
    });
    this.#server.on('upgrade', (request, stream, head) => {
      const tls = stream as TLSSocket;
      const identity = this.#identities.get(tls);
      if (identity === undefined) {
        tls.destroy();
        return;
      }
      this.#sockets.handleUpgrade(request, tls, head, (socket) => {
        const address = addressOf(tls);
        const settle = () => this.#settle(address);
        this.#handlers.onArrival({ socket, stream: tls, identity, address, settle });
      });
    });
    this.#sockets.on('wsClientError', (_error, stream) => {
      this.#refuse('garbage', addressOf(stream as Socket), 'it does not speak WebSocket');
      stream.destroy();
    });
  }

  /** Null until it listens. */
  get port(): number | null {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : null;
  }

  /** Resolves when it listens, or was closed before. @throws EventChannelError `port-taken` or `cannot-listen` */
  start(): Promise<void> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const code = cause.code === 'EADDRINUSE' ? 'port-taken' : 'cannot-listen';
        const what = code === 'port-taken' ? 'another program has it' : String(cause.code);
        reject(new EventChannelError(code, `cannot listen for nodes on ${host}:${port}: ${what}`, { cause }));
      });
      // It may be closed before it listens.
      this.#server.once('close', resolve);
      this.#server.listen(port, host, () => {
        this.#server.removeAllListeners('error');
        // Such as no file descriptors left: it goes on with those that it has.
        this.#server.on('error', () => this.#refuse('flood', 'listener', 'no connection can be accepted'));
        resolve();
      });
    });
  }

  /** Takes no more connections, and ends those that are not settled. The others are the caller's to end. */
  close(): Promise<void> {
    for (const { raw } of this.#arriving.values()) raw.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  destroyAll(): void {
    for (const raw of this.#raws) raw.destroy();
  }

  #begin(raw: Socket): void {
    const { handshakeTimeoutMs, maxHandshakes } = this.#options;
    const address = addressOf(raw);
    const leastWanted = this.#arriving.size >= maxHandshakes ? this.#leastWanted() : undefined;
    if (leastWanted) {
      const [other, arriving] = leastWanted;
      this.#refuse('flood', 'listener', `more than ${maxHandshakes} connections that have not identified themselves`);
      this.#settle(other);
      arriving.raw.destroy();
    }
    const timer = setTimeout(() => {
      this.#refuse('timeout', address, `it was not done within ${handshakeTimeoutMs} ms`);
      raw.destroy();
    }, handshakeTimeoutMs);
    this.#arriving.set(address, { raw, timer, isTls: false });
    this.#raws.add(raw);
    raw.once('close', () => {
      this.#raws.delete(raw);
      this.#settle(address);
    });
  }

  /** The oldest that is from no peer's address, or else the oldest: a node is through in some milliseconds. */
  #leastWanted(): [string, Arriving] | undefined {
    const unproven = [...this.#arriving].filter(([, { isTls }]) => !isTls);
    const isStrange = ([, { raw }]: [string, Arriving]) =>
      !this.#options.peerAddresses.has((raw.remoteAddress ?? '').replace(/^::ffff:/, ''));
    return unproven.find(isStrange) ?? unproven[0];
  }

  #pskOf(stream: TLSSocket, identity: string): Uint8Array | null {
    const psk = NODE_ID.test(identity) ? meshKey(this.#options.secretFor(identity)) : null;
    if (psk) this.#identities.set(stream, identity);
    else this.#refuse('revoked', addressOf(stream), `there is no secret for node "${identity.slice(0, 64)}"`);
    return psk;
  }

  #secured(stream: TLSSocket): void {
    stream.disableRenegotiation();
    this.#secure.add(stream);
    const arriving = this.#arriving.get(addressOf(stream));
    if (arriving) arriving.isTls = true;
  }

  #failed(error: NodeJS.ErrnoException, stream: TLSSocket): void {
    const address = addressOf(stream);
    stream.destroy();
    // The TCP socket beneath does not end with it while the handshake is not done.
    this.#arriving.get(address)?.raw.destroy();
    this.#settle(address);
    // Counted where it was found, or hung up, or was cut off here.
    if (error.code === UNKNOWN_IDENTITY || error.code === 'ECONNRESET') return;
    if (error.code === WRONG_SECRET) {
      const name = this.#identities.get(stream);
      this.#refuse('secret', address, `it calls itself ${name ?? 'nothing'} and does not know the secret`);
    } else {
      this.#refuse('garbage', address, `no TLS (${error.code})`);
    }
  }

  #settle(address: string): void {
    const arriving = this.#arriving.get(address);
    if (!arriving) return;
    clearTimeout(arriving.timer);
    this.#arriving.delete(address);
  }
}

function addressOf(socket: Socket): string {
  return socket.remoteAddress === undefined ? 'gone' : `${socket.remoteAddress}:${socket.remotePort}`;
}
