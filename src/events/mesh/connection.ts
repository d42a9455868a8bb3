import type { TLSSocket } from 'node:tls';
import type { WebSocket } from 'ws';
import type { PeerDownReason } from '../channel.ts';
import {
  CLOSE,
  type CloseReason,
  CONTROL,
  closeReasonOf,
  downReasonOf,
  encodeControl,
  type Hello,
  MESSAGE,
  readControl,
} from './protocol.ts';

/** How long a closing handshake may take. */
const FAREWELL_MS = 500;

export type ConnectionEnd = {
  readonly reason: PeerDownReason;
  /** The reason that the side gave which closed it. */
  readonly word: CloseReason | null;
};

export type ConnectionHandlers = {
  /** The first message, whatever it is. */
  onGreeting: (frame: Buffer) => void;
  onControl: (type: 'ready' | 'use') => void;
  onMessage: (json: Buffer) => void;
  /** A frame that is neither. */
  onGarbage: () => void;
  onOversized: () => void;
  /** Once, as soon as it is decided; nothing is received after it. */
  onEnd: (end: ConnectionEnd) => void;
};

export type ConnectionOptions = {
  readonly isDialled: boolean;
  readonly address: string;
  readonly maxQueueBytes: number;
  /** It is a peer's connection now; until then there is a time limit. */
  readonly settle: () => void;
  readonly now: () => number;
};

/** One open WebSocket with another node, or with one that claims to be. */
export class MeshConnection {
  readonly isDialled: boolean;
  readonly address: string;
  /** Null until the other side was found to be who it should be. */
  hello: Hello | null = null;
  readonly settle: () => void;
  /** When it came into use. */
  sinceMs: number;
  sent = 0;
  received = 0;
  roundTripMs: number | null = null;
  readonly #socket: WebSocket;
  readonly #stream: TLSSocket;
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  #isGreeted = false;
  #isEnded = false;
  #bytesRead = 0;
  #heardAtMs: number;
  #pingedAtMs = 0;
  #probe: { readonly done: (isAlive: boolean) => void; readonly timer: NodeJS.Timeout } | null = null;

  constructor(socket: WebSocket, stream: TLSSocket, options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
    this.#handlers = handlers;
    this.isDialled = options.isDialled;
    this.address = options.address;
    this.settle = options.settle;
    this.sinceMs = options.now();
    this.#heardAtMs = this.sinceMs;
    socket.on('message', (data) => this.#handleFrame(data as Buffer));
    socket.on('pong', (data) => this.#pong(data));
    socket.on('error', (error) => {
      if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
        if (!this.#isEnded) handlers.onOversized();
        this.#end({ reason: 'oversized', word: null });
      }
    });
    socket.on('close', (code) => this.#end({ reason: downReasonOf(code), word: closeReasonOf(code) }));
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** @returns false if the other side is gone or too slow; it is reported as down then */
  send(frame: Buffer): boolean {
    if (this.#isEnded) return false;
    if (this.#socket.bufferedAmount > this.#options.maxQueueBytes) {
      this.close('slow', 'slow');
      return false;
    }
    this.#socket.send(frame);
    return true;
  }

  sendControl(type: 'ready' | 'use'): void {
    this.send(encodeControl({ type }));
  }

  /** Pings when it is time, and ends the connection of a peer that was silent for too long. */
  tick(nowMs: number, pingIntervalMs: number, deadAfterMs: number): void {
    if (this.#isEnded) return;
    // Bytes rather than messages: a large one that is still arriving is a sign of life.
    if (this.#stream.bytesRead !== this.#bytesRead) {
      this.#bytesRead = this.#stream.bytesRead;
      this.#heardAtMs = nowMs;
    }
    if (nowMs - this.#heardAtMs >= deadAfterMs) return this.kill('silent');
    if (nowMs - this.#pingedAtMs >= pingIntervalMs) this.#ping(nowMs);
  }

  /** This process was held up itself, so that nothing could be heard. */
  excuse(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** Asks whether the other side still answers. A probe that is under way is given up in favour of this one. */
  probe(withinMs: number, done: (isAlive: boolean) => void): void {
    if (this.#probe) clearTimeout(this.#probe.timer);
    // Once what has arrived was read: this process may have been held up itself.
    const timer = setTimeout(() => setImmediate(() => this.#probe?.timer === timer && this.#probed(false)), withinMs);
    this.#probe = { done, timer };
    this.#ping(this.#options.now());
  }

  /** Ends it with a word to the other side. */
  close(word: CloseReason, reason: PeerDownReason): void {
    if (this.#isEnded) return;
    this.#socket.close(CLOSE[word], word);
    setTimeout(() => this.#socket.terminate(), FAREWELL_MS).unref();
    this.#end({ reason, word });
  }

  kill(reason: PeerDownReason): void {
    this.#socket.terminate();
    this.#end({ reason, word: null });
  }

  #handleFrame(frame: Buffer): void {
    if (this.#isEnded) return;
    if (!this.#isGreeted) {
      this.#isGreeted = true;
      this.#handlers.onGreeting(frame);
    } else if (frame[0] === MESSAGE) {
      this.#handlers.onMessage(frame.subarray(1));
    } else if (frame[0] === CONTROL) {
      const type = readControl(frame);
      if (type) this.#handlers.onControl(type);
    } else {
      this.#handlers.onGarbage();
    }
  }

  #ping(nowMs: number): void {
    this.#pingedAtMs = nowMs;
    const payload = Buffer.allocUnsafe(8);
    payload.writeDoubleLE(nowMs);
    this.#socket.ping(payload);
  }

  #pong(payload: Buffer): void {
    if (payload.length !== 8) return;
    const pingedAtMs = payload.readDoubleLE();
    const roundTripMs = this.#options.now() - pingedAtMs;
    if (!(roundTripMs >= 0)) return;
    this.roundTripMs = roundTripMs;
    // An answer to an earlier ping says nothing about now.
    if (pingedAtMs >= this.#pingedAtMs) this.#probed(true);
  }

  #probed(isAlive: boolean): void {
    const probe = this.#probe;
    if (!probe) return;
    clearTimeout(probe.timer);
    this.#probe = null;
    probe.done(isAlive);
  }

  #end(end: ConnectionEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#probe) clearTimeout(this.#probe.timer);
    this.#probe = null;
    this.#handlers.onEnd(end);
  }
}
