import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../loopback.ts';
import { DelayedPipe } from './delayed-pipe.ts';
import { requireLoopback } from './errors.ts';

export interface TcpProxyOptions {
  readonly target: Endpoint;
  /** Where it listens; default: a free port of 127.0.0.1. */
  readonly bind?: Endpoint;
  /** In each direction. */
  readonly delayMs?: number;
}

export interface TcpProxyCounters {
  accepted: number;
  /** Connections that the target did not take, or that could not stay because of a cut. */
  failed: number;
  /** Connections that a cut has ended. */
  cut: number;
  bytesToTarget: number;
  bytesFromTarget: number;
}

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly pipes: readonly DelayedPipe[];
}

/** More at a time are refused. */
const MAX_CONNECTIONS = 1000;

/** A TCP connection that can be slow, silent or broken: stands between nodes in place of `target`. */
export class TcpProxy {
  readonly #connections = new Set<Connection>();
  readonly #counters: TcpProxyCounters = { accepted: 0, failed: 0, cut: 0, bytesToTarget: 0, bytesFromTarget: 0 };
  #target: Endpoint;
  #server: Server | null = null;
  #bound: Endpoint;
  #delayMs: number;
  #stalled = false;

  /** @throws ImpairmentError `not-loopback` */
  constructor(options: TcpProxyOptions) {
    const { target, bind = { address: '127.0.0.1', port: 0 }, delayMs = 0 } = options;
    requireLoopback(target, bind);
    this.#target = target;
    this.#bound = bind;
    this.#delayMs = delayMs;
  }

  /** Listens. Idempotent. Rejects when the address cannot be had. */
  async start(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    server.maxConnections = MAX_CONNECTIONS;
    this.#server = server;
    try {
      server.listen(this.#bound.port, this.#bound.address);
      await once(server, 'listening');
    } catch (error) {
      this.#server = null;
      throw error;
    }
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#bound = { address: address.address, port: address.port };
  }

  /** Where the proxy listens; it keeps the port through cuts. */
  get address(): Endpoint {
    return this.#bound;
  }

  /** Connections that live. */
  get connections(): number {
    return this.#connections.size;
  }

  counters(): TcpProxyCounters {
    return { ...this.#counters };
  }

  /** For what comes from now on, in each direction. */
  setDelayMs(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /**
   * The target has moved; for new connections.
   *
   * @throws ImpairmentError `not-loopback`
   */
  retarget(target: Endpoint): void {
    requireLoopback(target);
    this.#target = target;
  }

  /** Breaks all connections with a reset, and refuses new ones until it is healed. Idempotent. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    const closed = server === null ? null : new Promise<void>((resolve) => server.close(() => resolve()));
    this.#counters.cut += this.#connections.size;
    for (const connection of this.#connections) this.#end(connection);
    await closed;
  }

  /**
   * Lets nothing pass while all connections stay, as when a network drops all packets: only its own time-outs tell a
   * node. New connections are taken, but as silent.
   */
  stall(): void {
    this.#stalled = true;
    for (const { pipes } of this.#connections) for (const pipe of pipes) pipe.stall();
  }

  /** Ends a cut and a stall; what was held up by a stall passes. Rejects when the port was taken by another meanwhile. */
  async heal(): Promise<void> {
    this.#stalled = false;
    for (const { pipes } of this.#connections) for (const pipe of pipes) pipe.resume();
    await this.start();
  }

  /** Ends all connections and listens no more. Idempotent. */
  async stop(): Promise<void> {
    await this.cut();
  }

  #accept(client: Socket): void {
    if (this.#server === null) {
      this.#counters.failed++;
      client.resetAndDestroy();
      return;
    }
    this.#counters.accepted++;
    const upstream = connect({
      host: this.#target.address,
      port: this.#target.port,
      allowHalfOpen: true,
      noDelay: true,
    });
    const counters = this.#counters;
    const delayMs = () => this.#delayMs;
    const there = new DelayedPipe(
      { source: client, sink: upstream },
      { delayMs, onBytes: (count) => (counters.bytesToTarget += count) },
    );
    const back = new DelayedPipe(
      { source: upstream, sink: client },
      { delayMs, onBytes: (count) => (counters.bytesFromTarget += count) },
    );
    const connection: Connection = { client, upstream, pipes: [there, back] };
    this.#connections.add(connection);
    let isConnected = false;
    upstream.once('connect', () => (isConnected = true));
    for (const socket of [client, upstream]) {
      socket.on('error', () => {
        if (!isConnected && socket === upstream) this.#counters.failed++;
        this.#end(connection);
      });
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) this.#end(connection);
      });
    }
    for (const pipe of connection.pipes) {
      pipe.start();
      if (this.#stalled) pipe.stall();
    }
  }

  /** Resets what is left of a connection. */
  #end(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    for (const pipe of connection.pipes) pipe.stop();
    for (const socket of [connection.client, connection.upstream]) {
      if (!socket.destroyed) socket.resetAndDestroy();
    }
  }
}
