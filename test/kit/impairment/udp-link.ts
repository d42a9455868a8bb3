import { createSocket, type Socket } from 'node:dgram';
import type { Endpoint } from '../loopback.ts';
import { boundSocket, closeSocket } from '../sip/udp.ts';
import { requireLoopback } from './errors.ts';
import { changedImpairment, type Impairment } from './impairment.ts';
import { type DirectionCounters, type DirectionState, directionState, planPacket } from './planner.ts';
import type { Schedule } from './schedule.ts';

export type Direction = 'a-to-b' | 'b-to-a';

const BOTH: readonly Direction[] = ['a-to-b', 'b-to-a'];

/** One direction, with what has happened to its packets. */
export interface LinkCounters extends DirectionCounters {
  sent: number;
  sendErrors: number;
}

export interface LinkOptions {
  readonly seed: number;
  /** Of both directions; see also `impair`. */
  readonly impairment: Impairment;
  /** Tells apart the links that share a seed. */
  readonly number: number;
  /** Where the sockets are that stand for the nodes; port 0 takes a free one. */
  readonly bindA: Endpoint;
  readonly bindB: Endpoint;
}

const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/** One direction: from the socket that receives, through the planner, to the socket of the other side. */
interface Half {
  readonly state: DirectionState;
  target: Endpoint;
  sent: number;
  sendErrors: number;
}

/**
 * A path between two nodes that stands for each of them to the other: a sends to `bSeenByA`, and gets b's packets from
 * there; b sends to `aSeenByB`. So both see one stable address, as through a NAT. Anyone's packets to these addresses
 * go the same way, since a node may send from another socket than it receives on.
 */
export class UdpLink {
  readonly #schedule: Schedule;
  readonly #nowMs: () => number;
  readonly #options: LinkOptions;
  readonly #socketOfA: Socket;
  readonly #socketOfB: Socket;
  readonly #halves: Record<Direction, Half>;
  #handOver: Endpoint | null = null;
  #addresses: { readonly a: Endpoint; readonly b: Endpoint };
  #stopped = false;

  constructor(
    a: Endpoint,
    b: Endpoint,
    options: LinkOptions,
    deps: { readonly schedule: Schedule; readonly nowMs: () => number },
  ) {
    this.#options = options;
    this.#schedule = deps.schedule;
    this.#nowMs = deps.nowMs;
    this.#addresses = { a: options.bindA, b: options.bindB };
    this.#socketOfA = newSocket();
    this.#socketOfB = newSocket();
    const { seed, impairment, number } = options;
    this.#halves = {
      'a-to-b': { state: directionState({ seed, impairment }, number, 0), target: b, sent: 0, sendErrors: 0 },
      'b-to-a': { state: directionState({ seed, impairment }, number, 1), target: a, sent: 0, sendErrors: 0 },
    };
  }

  /** Opens both sockets. Rejects when an address cannot be had. */
  async start(): Promise<void> {
    const { bindA, bindB } = this.#options;
    this.#socketOfB.on('message', (bytes) => this.#received(this.#halves['a-to-b'], this.#socketOfA, bytes));
    this.#socketOfA.on('message', (bytes) => this.#received(this.#halves['b-to-a'], this.#socketOfB, bytes));
    await boundSocket(this.#socketOfA, bindA);
    await boundSocket(this.#socketOfB, bindB);
    this.#addresses = { a: this.#socketOfA.address(), b: this.#socketOfB.address() };
  }

  /** The address that stands for b: a is told that b is there. */
  get bSeenByA(): Endpoint {
    return this.#addresses.b;
  }

  /** The address that stands for a: b is told that a is there. */
  get aSeenByB(): Endpoint {
    return this.#addresses.a;
  }

  /**
   * Changes settings from the next packet on, in one direction or in both.
   *
   * @throws ImpairmentError `bad-impairment`; then nothing is changed
   */
  impair(change: Partial<Impairment>, direction?: Direction): void {
    const halves = this.#halvesOf(direction);
    const after = halves.map(({ state }) => changedImpairment(state.impairment, change));
    for (const [i, { state }] of halves.entries()) state.impairment = after[i] ?? state.impairment;
  }

  /** Lets nothing pass any more, not even what is on its way. */
  partition(direction?: Direction): void {
    this.impair({ partitioned: true }, direction);
  }

  /** Ends a partition; the other impairments stay. */
  heal(direction?: Direction): void {
    this.impair({ partitioned: false }, direction);
  }

  /**
   * A node has moved, for instance because it was started again with another port.
   *
   * @throws ImpairmentError `not-loopback`
   */
  retarget(node: 'a' | 'b', endpoint: Endpoint): void {
    requireLoopback(endpoint);
    this.#halves[node === 'a' ? 'b-to-a' : 'a-to-b'].target = endpoint;
  }

  /**
   * Sends a copy of every packet, as it comes in, to somebody who collects them; null ends it.
   *
   * @throws ImpairmentError `not-loopback`
   */
  handOverTo(collector: Endpoint | null): void {
    if (collector !== null) requireLoopback(collector);
    this.#handOver = collector;
  }

  /** As they are now; later packets do not change what was returned. */
  counters(direction: Direction): LinkCounters {
    const { state, sent, sendErrors } = this.#halves[direction];
    return { ...state.counters, sent, sendErrors };
  }

  /** Closes both sockets. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await Promise.all([closeSocket(this.#socketOfA), closeSocket(this.#socketOfB)]);
  }

  #halvesOf(direction: Direction | undefined): Half[] {
    return (direction === undefined ? BOTH : [direction]).map((one) => this.#halves[one]);
  }

  /** HOT PATH, with an object and a closure per packet: the proxy has to carry thousands a second, not more. */
  #received(half: Half, out: Socket, bytes: Uint8Array): void {
    if (this.#handOver !== null) out.send(bytes, this.#handOver.port, this.#handOver.address, ignoreError);
    for (const delivery of planPacket(half.state, bytes, this.#nowMs())) {
      this.#schedule.add(delivery.dueMs, { run: () => this.#send(half, out, delivery.bytes) });
    }
  }

  #send(half: Half, out: Socket, bytes: Uint8Array): void {
    if (this.#stopped) return;
    if (half.state.impairment.partitioned) {
      half.state.counters.partitioned++;
      return;
    }
    out.send(bytes, half.target.port, half.target.address, (error) => {
      if (error) half.sendErrors++;
      else half.sent++;
    });
  }
}

/** The receiver of packets may close its port. */
function ignoreError(): void {}

function newSocket(): Socket {
  return createSocket({
    type: 'udp4',
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
    // Only addresses come here, and the usual look-up would cost a turn of the event loop for each packet.
    lookup: (address, _options, callback) => callback(null, address, 4),
  });
}
