import type { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { backoffMs } from '../backoff.ts';
import { PATH } from './protocol.ts';
import { dialTls, type SecretFor } from './tls.ts';

export type MeshPeer = {
  /** Without it, any node that answers there and knows the secret. */
  readonly nodeId?: string | null;
  readonly host: string;
  readonly port: number;
};

export type DiallerOptions = {
  /** The id of this node. */
  readonly nodeId: string;
  readonly peer: MeshPeer;
  readonly secretFor: SecretFor;
  readonly maxMessageBytes: number;
  readonly handshakeTimeoutMs: number;
};

export type DiallerHandlers = {
  /** The caller tells when it is over, with `ended`. */
  readonly onOpen: (socket: WebSocket, stream: TLSSocket) => void;
  readonly onFailed: (why: DialFailure) => void;
};

/** `revoked`: there is no secret for that peer. Else the system's or OpenSSL's code. */
export type DialFailure = { readonly code: string; readonly cause: unknown; readonly isNews: boolean };

/** An address where this node has found itself is tried again after this. */
const SELF_MS = 60_000;
/** A connection that has lasted this long is not counted as a failure. */
const STEADY_MS = 1000;

/** Keeps one configured peer connected: dials whenever there is no connection with it. */
export class MeshDialler {
  readonly #options: DiallerOptions;
  readonly #handlers: DiallerHandlers;
  /** The node that answered there last. */
  #foundId: string | null = null;
  #isStopped = true;
  #isLinked = false;
  #linkedAtMs = 0;
  #failures = 0;
  /** The last failure: the next one is logged only if it is another. */
  #loggedCode: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** From dialling until `ended`. */
  #attempt: WebSocket | null = null;

  constructor(options: DiallerOptions, handlers: DiallerHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  get address(): string {
    return `${this.#options.peer.host}:${this.#options.peer.port}`;
  }

  get nodeId(): string | null {
    return this.#options.peer.nodeId ?? this.#foundId;
  }

  /** The code of the failure because of which no node was ever found there; null without one. */
  get unreached(): string | null {
    return this.nodeId === null && !this.#isLinked ? this.#loggedCode : null;
  }

  /** Whether a connection with that node may come of what is going on. */
  isDialling(nodeId: string): boolean {
    return this.#attempt !== null && (this.nodeId === null || this.nodeId === nodeId);
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#dial();
  }

  stop(): void {
    this.#isStopped = true;
    this.#clearTimer();
    const attempt = this.#attempt;
    if (attempt?.readyState !== WebSocket.CONNECTING) return;
    this.#attempt = null;
    attempt.terminate();
  }

  /** @param isLinked whether there is a connection with that node already */
  found(nodeId: string, isLinked: boolean, nowMs: number): void {
    this.#foundId = nodeId;
    this.linked(isLinked, nowMs);
  }

  /** There is a connection with the peer now, dialled by either side, or there is none any more. */
  linked(isLinked: boolean, nowMs: number): void {
    if (isLinked === this.#isLinked) return;
    this.#isLinked = isLinked;
    if (isLinked) {
      this.#linkedAtMs = nowMs;
      this.#loggedCode = null;
      this.#clearTimer();
    } else {
      if (nowMs - this.#linkedAtMs >= STEADY_MS) this.#failures = 0;
      this.#schedule();
    }
  }

  /** The connection that was opened is over. */
  ended(socket: WebSocket, isSelf: boolean): void {
    if (this.#attempt !== socket) return;
    this.#attempt = null;
    this.#schedule(isSelf ? SELF_MS : undefined);
  }

  #schedule(waitMs = backoffMs(this.#failures, Math.random())): void {
    if (this.#isStopped || this.#isLinked || this.#attempt) return;
    this.#failures++;
    this.#clearTimer();
    this.#timer = setTimeout(() => this.#dial(), waitMs);
  }

  #clearTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #dial(): void {
    this.#timer = null;
    const { nodeId: ownId, peer, secretFor, maxMessageBytes, handshakeTimeoutMs } = this.#options;
    const { host, port, nodeId: peerId = null } = peer;
    let isRevoked = false;
    let opened: TLSSocket | null = null;
    // The address in the URL is only for the request's Host header.
    const socket = new WebSocket(`wss://rostrum${PATH}`, {
      perMessageDeflate: false,
      maxPayload: maxMessageBytes + 1,
      handshakeTimeout: handshakeTimeoutMs,
      createConnection: () => {
        const onRevoked = () => {
          isRevoked = true;
        };
        opened = dialTls({ host, port, ownId, peerId, secretFor, onRevoked });
        return opened;
      },
    });
    this.#attempt = socket;
    socket.once('open', () => {
      if (opened) this.#handlers.onOpen(socket, opened);
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      if (this.#attempt !== socket || socket.readyState === WebSocket.OPEN) return;
      this.#attempt = null;
      const code = isRevoked ? 'revoked' : (cause.code ?? 'no-handshake');
      const isNews = code !== this.#loggedCode;
      this.#loggedCode = code;
      this.#handlers.onFailed({ code, cause, isNews });
      this.#schedule();
    });
  }
}
