import { createSocket, type Socket } from 'node:dgram';
import type { SipServer } from './address.ts';
import { SipError } from './errors.ts';
import { LegAgent, type LegOwner } from './leg-agent.ts';
import { type LegCounters, newLegCounters } from './leg-counters.ts';
import { parseSip } from './message.ts';
import { boundSocket, closeSocket } from './udp.ts';

export interface LegServerOptions {
  /** IPv4. */
  readonly bindAddress: string;
  /** 0 takes a free one. For calls to outlive a restart it must be the same again. */
  readonly port: number;
  /** IPv4 addresses that may call besides those of loopback. */
  readonly allowedPeers?: readonly string[];
}

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Asterisk's INVITE has about 1 kB. */
const MAX_DATAGRAM_BYTES = 8192;
const TICK_MS = 100;

/** The SIP socket of all legs of a relay. */
export class LegServer {
  readonly counters: LegCounters = newLegCounters();
  readonly #options: LegServerOptions;
  readonly #owner: LegOwner;
  readonly #allowed: ReadonlySet<string>;
  #socket: Socket | null = null;
  #running: { readonly agent: LegAgent; readonly address: SipServer } | null = null;
  #tick: NodeJS.Timeout | null = null;

  constructor(options: LegServerOptions, owner: LegOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#allowed = new Set(options.allowedPeers);
  }

  /** Where Asterisk calls legs: `PJSIP/<endpoint>/sip:<legId>@<host>:<port>`. Throws `not-started`. */
  get address(): SipServer {
    if (this.#running === null) throw new SipError('not-started');
    return this.#running.address;
  }

  /** Legs in a call, as far as they were heard of since the start. */
  get legCount(): number {
    return this.#running?.agent.legCount ?? 0;
  }

  /** Idempotent. Rejects when the address cannot be had. */
  async start(): Promise<void> {
    if (this.#socket !== null) return;
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      // All addresses are numeric: the default look-up would leave the send path for every datagram.
      lookup: (host, _, done) => done(null, host, 4),
    });
    this.#socket = socket;
    socket.on('message', (datagram, from) => this.#receive(datagram, { host: from.address, port: from.port }));
    const { bindAddress, port } = this.#options;
    try {
      await boundSocket(socket, { port, address: bindAddress }, () => this.counters.sendErrors++);
    } catch (error) {
      this.#socket = null;
      throw error;
    }
    const address = { host: bindAddress, port: socket.address().port };
    const agent = new LegAgent({
      owner: this.#owner,
      counters: this.counters,
      local: address,
      send: (message, to) => this.#send(message, to),
      epochSeconds: () => Math.floor(Date.now() / 1000),
    });
    this.#running = { agent, address };
  }

  /** Closes the socket without ending any call: the next server at this address goes on with them. Idempotent. */
  async stop(): Promise<void> {
    if (this.#tick !== null) clearTimeout(this.#tick);
    this.#tick = null;
    this.#running = null;
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) await closeSocket(socket);
  }

  /**
   * Ends a leg's call with BYE, sent until it is answered. False when no call of the leg is known, as after a restart:
   * then Asterisk has to hang up its channel. `onEnd` does not follow.
   */
  end(legId: string): boolean {
    const ended = this.#running?.agent.end(legId, performance.now()) ?? false;
    this.#keepTicking();
    return ended;
  }

  #receive(datagram: Buffer, from: SipServer): void {
    if (this.#running === null) return;
    const { dropped } = this.counters;
    if (!from.host.startsWith('127.') && !this.#allowed.has(from.host)) {
      dropped['foreign-source']++;
      return;
    }
    if (datagram.length > MAX_DATAGRAM_BYTES) {
      dropped['too-long']++;
      return;
    }
    const message = parseSip(datagram.toString('utf8'));
    if (message.kind === 'malformed') {
      dropped[message.problem]++;
      return;
    }
    this.#running.agent.receive(message, from, performance.now());
    this.#keepTicking();
  }

  /** One timer for all legs, and none while nothing waits. */
  #keepTicking(): void {
    if (this.#tick !== null || this.#running?.agent.isWaiting !== true) return;
    this.#tick = setTimeout(() => {
      this.#tick = null;
      this.#running?.agent.tick(performance.now());
      this.#keepTicking();
    }, TICK_MS);
  }

  #send(datagram: Buffer, to: SipServer): void {
    this.#socket?.send(datagram, to.port, to.host, (error) => {
      if (error) this.counters.sendErrors++;
    });
  }
}
