import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { withTimeout } from '../../timing/with-timeout.ts';
import { backoffMs } from '../backoff.ts';

export type BrokerOptions = {
  /** Such as `nats://127.0.0.1:4222`; one that answers is used. With `tls`, only the first may be an IP address. */
  readonly servers: readonly string[];
  readonly login?: { readonly user: string; readonly password: string } | { readonly token: string } | undefined;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string } | undefined;
  readonly name: string;
  readonly subjects: readonly string[];
  readonly maxQueueBytes: number;
};

export type BrokerHandlers = {
  readonly onConnected: (server: string) => void;
  readonly onLost: (why: 'lost' | 'slow') => void;
  readonly onFailed: (code: string, cause: unknown) => void;
  readonly onPacket: (subject: string, packet: Uint8Array) => void;
};

const CONNECT_TIMEOUT_MS = 5000;
/** A server that does not answer two of them is gone. */
const PING_EVERY_MS = 5000;
const FAREWELL_MS = 500;
/** A connection that has lasted this long is not counted as a failure. */
const STEADY_MS = 1000;

/**
 * The connection with a NATS server, tried until it is there. A new connection is made each time, rather than the
 * client's own reconnect: that would send what was meant for sessions that are over.
 */
export class NatsBroker {
  readonly #options: BrokerOptions;
  readonly #handlers: BrokerHandlers;
  #connection: NatsConnection | null = null;
  #isStopped = false;
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Bytes handed over since the server was last known to have taken all. */
  #queuedBytes = 0;
  #isFlushing = false;

  constructor(options: BrokerOptions, handlers: BrokerHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Null if there is no connection. */
  get server(): string | null {
    return this.#connection?.getServer() ?? null;
  }

  /** Bytes of a packet that the server takes. */
  get maxPacketBytes(): number {
    return this.#connection?.info?.max_payload ?? 0;
  }

  start(): void {
    void this.#connect();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    const connection = this.#connection;
    this.#connection = null;
    if (!connection) return;
    // A server that hangs must not keep us from stopping.
    for (const farewell of [() => connection.flush(), () => connection.close()]) {
      await withTimeout(
        farewell().catch(() => {}),
        FAREWELL_MS,
        () => {},
      );
    }
  }

  /** @returns false if there is no connection */
  publish(subject: string, packet: Uint8Array): boolean {
    const connection = this.#connection;
    if (!connection) return false;
    if (this.#queuedBytes > this.#options.maxQueueBytes) {
      this.#lose(connection, 'slow');
      return false;
    }
    try {
      connection.publish(subject, packet);
    } catch {
      // It is closing, which the client reports by itself.
      return false;
    }
    this.#queuedBytes += packet.length;
    if (!this.#isFlushing) void this.#flush(connection);
    return true;
  }

  async #flush(connection: NatsConnection): Promise<void> {
    this.#isFlushing = true;
    while (this.#queuedBytes > 0 && connection === this.#connection) {
      const bytes = this.#queuedBytes;
      try {
        await connection.flush();
      } catch {
        return;
      }
      if (connection === this.#connection) this.#queuedBytes -= bytes;
    }
    if (connection === this.#connection) this.#isFlushing = false;
  }

  async #connect(): Promise<void> {
    this.#timer = null;
    const { servers, login, tls, name } = this.#options;
    try {
      const connection = await connect({
        servers: [...servers],
        name,
        reconnect: false,
        noEcho: true,
        timeout: CONNECT_TIMEOUT_MS,
        pingInterval: PING_EVERY_MS,
        maxPingOut: 2,
        ...(login && ('token' in login ? { token: login.token } : { user: login.user, pass: login.password })),
        ...(tls && { tls: { ...(await readTls(tls)), ...identityOf(servers) } }),
      });
      if (this.#isStopped) return await connection.close();
      this.#use(connection);
    } catch (cause) {
      if (this.#isStopped) return;
      this.#handlers.onFailed(codeOf(cause), cause);
      this.#schedule();
    }
  }

  #use(connection: NatsConnection): void {
    const startedAtMs = performance.now();
    this.#connection = connection;
    this.#queuedBytes = 0;
    this.#isFlushing = false;
    for (const subject of this.#options.subjects) {
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (!error && connection === this.#connection) this.#handlers.onPacket(message.subject, message.data);
        },
      });
    }
    void connection.closed().then(() => {
      if (performance.now() - startedAtMs >= STEADY_MS) this.#failures = 0;
      this.#lose(connection, 'lost');
    });
    this.#handlers.onConnected(connection.getServer());
  }

  #lose(connection: NatsConnection, why: 'lost' | 'slow'): void {
    if (connection !== this.#connection) return;
    this.#connection = null;
    void connection.close().catch(() => {});
    this.#handlers.onLost(why);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isStopped || this.#timer) return;
    this.#timer = setTimeout(() => void this.#connect(), backoffMs(this.#failures, Math.random()));
    this.#failures++;
  }
}

async function readTls(files: NonNullable<BrokerOptions['tls']>) {
  const read = (file: string | undefined) => (file ? readFile(file, 'utf8') : undefined);
  const [ca, cert, key] = await Promise.all([read(files.caFile), read(files.certFile), read(files.keyFile)]);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/**
 * The client compares the certificate of a server that is an IP address with "localhost", unless it is told its host.
 */
function identityOf([server = '']: readonly string[]): { host?: string } {
  const host = new URL(server).hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? {} : { host };
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.name : 'unknown';
}
