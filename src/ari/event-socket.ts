import WebSocket from 'ws';
import { AriError } from './errors.ts';
import { type AriLogin, basicAuthorization } from './http.ts';
import { type AriEvent, parseEvent } from './messages.ts';

const OPEN_TIMEOUT_MS = 5000;
/** Asterisk answers pings at once; a connection that was silent for two of these is dead. */
const PING_EVERY_MS = 5000;

export type EventSocketHandlers = {
  onEvent: (event: AriEvent) => void;
  /** Called once, however the connection ends. */
  onClose: () => void;
};

/** One connection for ARI events. Opening it registers the application with Asterisk. */
export class EventSocket {
  readonly #socket: WebSocket;
  readonly #pinger: NodeJS.Timeout;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    let answered = true;
    socket.on('pong', () => {
      answered = true;
    });
    this.#pinger = setInterval(() => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    }, PING_EVERY_MS);
    socket.once('close', () => clearInterval(this.#pinger));
  }

  /** @returns the connection once Asterisk has accepted it; rejects with an `AriError` */
  static open(login: AriLogin, application: string, handlers: EventSocketHandlers): Promise<EventSocket> {
    const url = new URL(`/ari/events?app=${encodeURIComponent(application)}`, login.url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, {
      headers: { authorization: basicAuthorization(login) },
      handshakeTimeout: OPEN_TIMEOUT_MS,
      perMessageDeflate: false,
    });
    return new Promise((resolve, reject) => {
      socket.on('error', (cause) => {
        reject(new AriError('unreachable', `no event connection to ${url.origin}: ${cause.message}`, { cause }));
      });
      socket.once('open', () => {
        socket.once('close', handlers.onClose);
        resolve(new EventSocket(socket));
      });
      // Attached before the socket opens, so that no event is missed.
      socket.on('message', (data) => {
        const event = parseEvent(String(data));
        if (event) handlers.onEvent(event);
      });
    });
  }

  close(): void {
    this.#socket.terminate();
  }
}
