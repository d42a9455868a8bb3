import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';
import type { AriConnection } from '../../ari/ari-connection.ts';
import { AriError, type AriErrorCode } from '../../ari/errors.ts';
import { EventSocket } from '../../ari/event-socket.ts';
import type { AriLogin } from '../../ari/http.ts';
import { type AriEvent, EVENT_TYPES } from '../../ari/messages.ts';
import { checkApplicationFree, signApplication, WHO_EVENT } from './application-claim.ts';
import { UntoldCalls } from './untold-calls.ts';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;
/** Failures of the first connection that may pass by themselves. */
const WAITED_OUT: ReadonlySet<AriErrorCode> = new Set(['unreachable', 'refused']);
/** Asterisk answers HTTP before it has loaded ARI, if it has that. */
const LOADING_MS = 10_000;
const LOADING_RETRY_MS = 200;
const CHECK_MS = 4000;

export type SessionStatus = { connected: true; asteriskVersion: string } | { connected: false; reason: string };

type Connection = { closed: Promise<void> };

/** Receives the events of Asterisk. */
export type EventConsumer = {
  /** A connection is about to be opened. */
  connecting(): void;
  handle(event: AriEvent): void;
  /** The connection is open. Rejects with an `AriError` if Asterisk cannot be read. */
  resync(): Promise<void>;
};

/** The login is read for each connection, since the password may have been changed. */
export type SessionOptions = { readLogin: () => Promise<AriLogin>; application: string };
export type SessionDeps = {
  ari: AriConnection;
  controller: EventConsumer;
  logger: Logger;
  /** Another program has taken the application: this controller does not know any more what happens to its calls. */
  onReplaced: (error: AriError) => void;
};

/**
 * Keeps the controller connected to its Asterisk: connects, resyncs, passes on events, and connects again whenever the
 * connection is lost.
 */
export class AsteriskSession {
  readonly #options: SessionOptions;
  readonly #deps: SessionDeps;
  readonly #stopping = new AbortController();
  #socket: EventSocket | null = null;
  #status: SessionStatus = { connected: false, reason: 'not connected yet' };
  #running: Promise<void> = Promise.resolve();

  constructor(options: SessionOptions, deps: SessionDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get status(): SessionStatus {
    return this.#status;
  }

  /**
   * Connects for the first time. An Asterisk that does not answer is waited for in the background.
   * @throws AriError if waiting will not help: `unauthorized`, `unsuitable` or `application-taken`
   */
  async start(): Promise<void> {
    let connection: Connection | null = null;
    try {
      connection = await this.#connectOnceLoaded();
    } catch (error) {
      if (!(error instanceof AriError) || !WAITED_OUT.has(error.code)) throw error;
      this.#lost(error);
    }
    this.#running = this.#keepConnected(connection);
  }

  async #connectOnceLoaded(): Promise<Connection> {
    const untilMs = performance.now() + LOADING_MS;
    for (;;) {
      try {
        return await this.#connect();
      } catch (error) {
        const mayLoad = error instanceof AriError && error.status === 404 && performance.now() < untilMs;
        if (!mayLoad || this.#stopping.signal.aborted) throw error;
      }
      await sleep(LOADING_RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#socket?.close();
    await this.#running;
  }

  async #keepConnected(first: Connection | null): Promise<void> {
    const { signal } = this.#stopping;
    let connection = first;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      if (connection) {
        retryMs = FIRST_RETRY_MS;
        await connection.closed;
        if (signal.aborted) return;
        this.#lost(new AriError('unreachable', 'the event connection closed'));
      }
      // Half of the wait is random, so that many controllers do not come back in step.
      await sleep(retryMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      connection = signal.aborted ? null : await this.#connect().catch((error: Error) => this.#lost(error));
    }
  }

  async #connect(): Promise<Connection> {
    const { ari, controller, logger } = this.#deps;
    const { readLogin, application } = this.#options;
    const login = await readLogin();
    const asteriskVersion = await ari.connect(login);
    await checkApplicationFree(ari.requests, application);

    controller.connecting();
    let onClose = () => {};
    let check: NodeJS.Timeout | undefined;
    const closed: Connection['closed'] = new Promise((resolve) => {
      onClose = () => {
        clearInterval(check);
        resolve();
      };
    });
    const untoldCalls = new UntoldCalls(application, { ari: ari.requests, logger });
    const onEvent = (event: AriEvent) => {
      if (event.type === 'StasisStart') untoldCalls.told(event.channel.id);
      if (event.type === 'ApplicationReplaced') this.#deps.onReplaced(takenFrom(login.url, application));
      else if (event.type === 'ChannelUserevent') this.#answerWho(event.eventname);
      else controller.handle(event);
    };
    const socket = await EventSocket.open(login, application, { onEvent, onClose });
    this.#socket = socket;
    // Events go on coming where the password has been changed, and every request is refused.
    check = setInterval(() => {
      const checked = ari.checkLogin().then(() => untoldCalls.look());
      checked.catch((error: AriError) => error.code === 'unauthorized' && socket.close());
    }, CHECK_MS);
    // stop() may have come while the socket was being opened.
    if (this.#stopping.signal.aborted) socket.close();
    try {
      await ari.requests.setEventFilter(application, EVENT_TYPES);
      await untoldCalls.skipThose();
      await controller.resync();
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#status = { connected: true, asteriskVersion };
    logger.info(`connected to Asterisk ${asteriskVersion} at ${login.url} as application "${application}"`);
    return { closed };
  }

  #answerWho(eventName: string): void {
    if (eventName !== WHO_EVENT) return;
    const { ari, logger } = this.#deps;
    signApplication(ari.requests, this.#options.application).catch((error: Error) => logger.warn(error.message));
  }

  #lost(error: Error): null {
    // Logged once, not at every try.
    if (this.#status.connected || this.#status.reason !== error.message) {
      this.#deps.logger.warn(`${error.message}; trying again until Asterisk answers`);
    }
    this.#status = { connected: false, reason: error.message };
    return null;
  }
}

function takenFrom(url: string, application: string): AriError {
  const message = `another program has taken application "${application}" of ${url}; stop it, or set asterisk.application`;
  return new AriError('application-lost', message);
}
