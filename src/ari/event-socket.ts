import WebSocket from 'ws';
import { SilenceWatch } from '../timing/silence-watch.ts';
import { AriError } from './errors.ts';
import { type AriLogin, basicAuthorization } from './http.ts';
import { type AriEvent, parseEvent } from './messages.ts';

const OPEN_TIMEOUT_MS = 5000;
/** Asterisk answers pings at once. */
const PING_EVERY_MS = 2500;
/** Two answers are missing. */
const SILENT_MS = 6500;

export type EventSocketHandlers = {
  onEvent: (event: AriEvent) => void;
  /** Called once, however the connection ends. */
  onClose: () => void;
};

/** One connection for ARI events. Opening it registers the application with Asterisk. */
export class EventSocket {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    const watch = new SilenceWatch({
      checkEveryMs: PING_EVERY_MS,
      limitMs: SILENT_MS,
      onCheck: () => socket.ping(),
      onSilent: () => socket.terminate(),
    });
    socket.on('pong', () => watch.heard());
    socket.once('close', () => watch.stop());
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
