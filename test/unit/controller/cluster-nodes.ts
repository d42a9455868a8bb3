import type { Message } from '../../../src/cluster/messages.ts';
import type { Conference } from '../../../src/conference/model/conference.ts';
import type { Cluster, ClusterOptions } from '../../../src/controller/cluster/cluster.ts';
import type { Controller } from '../../../src/controller/controller.ts';
import { type EventChannel, type EventChannelDeps, noEvents, type PeerInfo } from '../../../src/events/channel.ts';
import { controllerAlone } from '../../kit/controller-alone.ts';

/** Whole controllers without Asterisk, in one process: what they do there is only noted. */

const LATENCY_MS = 1;

/** Channels between nodes, which can be cut. Messages travel as JSON, in order. */
export class TestNetwork {
  readonly #ends = new Map<string, TestChannel>();
  readonly #cut = new Set<string>();
  /** Every message, as it was sent. */
  readonly sent: { from: string; to: string; message: Message; bytes: number }[] = [];

  open(id: string, deps: EventChannelDeps<Message>): TestChannel {
    return new TestChannel(id, deps, this);
  }

  join(channel: TestChannel): void {
    this.#ends.set(channel.id, channel);
    for (const other of this.#ends.values()) if (other !== channel) this.#meet(channel, other);
  }

  leave(channel: TestChannel): void {
    this.#ends.delete(channel.id);
    for (const other of this.#ends.values()) other.lose(channel.id);
  }

  cut(a: string, b: string): void {
    this.#cut.add([a, b].sort().join());
    this.#ends.get(a)?.lose(b);
    this.#ends.get(b)?.lose(a);
  }

  heal(a: string, b: string): void {
    this.#cut.delete([a, b].sort().join());
    const [one, other] = [this.#ends.get(a), this.#ends.get(b)];
    if (one && other) this.#meet(one, other);
  }

  transmit(from: string, to: string, message: Message): void {
    const text = JSON.stringify(message);
    this.sent.push({ from, to, message, bytes: text.length });
    setTimeout(() => {
      const end = this.#ends.get(to);
      // Lost with the channel.
      if (end?.peers.has(from)) end.receive(from, JSON.parse(text));
    }, LATENCY_MS);
  }

  #meet(a: TestChannel, b: TestChannel): void {
    if (this.#cut.has([a.id, b.id].sort().join())) return;
    a.find(b.id);
    b.find(a.id);
  }
}

class TestChannel implements EventChannel<Message> {
  readonly counters = noEvents();
  readonly problems = [];
  readonly id: string;
  readonly #deps: EventChannelDeps<Message>;
  readonly #network: TestNetwork;
  readonly #peers = new Map<string, PeerInfo>();

  constructor(id: string, deps: EventChannelDeps<Message>, network: TestNetwork) {
    this.id = id;
    this.#deps = deps;
    this.#network = network;
  }

  get peers(): ReadonlyMap<string, PeerInfo> {
    return this.#peers;
  }

  async start(): Promise<void> {
    this.#network.join(this);
  }

  async stop(): Promise<void> {
    this.#network.leave(this);
  }

  send(to: string, message: Message): boolean {
    if (!this.#peers.has(to)) return false;
    this.#network.transmit(this.id, to, message);
    return true;
  }

  broadcast(message: Message): void {
    for (const to of this.#peers.keys()) this.send(to, message);
  }

  find(id: string): void {
    const counts = { sent: 0, received: 0 };
    this.#peers.set(id, { sinceMs: 0, address: id, roundTripMs: 2 * LATENCY_MS, ...counts });
    this.#deps.onPeerUp(id);
  }

  lose(id: string): void {
    if (this.#peers.delete(id)) this.#deps.onPeerDown(id, 'lost');
  }

  receive(from: string, json: unknown): void {
    const message = this.#deps.parse(json);
    if (!message) throw new Error(`not a message: ${JSON.stringify(json)}`);
    this.#deps.onMessage(from, message);
  }
}

/** A node: a whole controller, and an Asterisk that does everything and notes it. */
export class TestNode {
  readonly id: string;
  readonly cluster: Cluster;
  readonly controller: Controller;
  /** What was asked of Asterisk. */
  readonly asked: { method: string; args: unknown[] }[] = [];
  #calls = 0;

  constructor(id: string, network: TestNetwork | null, profile: string, given: Partial<ClusterOptions> = {}) {
    this.id = id;
    const ask = (method: string, ...args: unknown[]) => {
      this.asked.push({ method, args });
      return method.startsWith('list') ? [] : null;
    };
    const openChannel = network && ((deps: EventChannelDeps<Message>) => network.open(id, deps));
    const alone = controllerAlone({ nodeId: id, profile, openChannel, ask, cluster: given });
    this.controller = alone.controller;
    this.cluster = alone.cluster;
  }

  async start(): Promise<void> {
    await this.cluster.start();
    await this.controller.resync();
  }

  async stop(): Promise<void> {
    this.controller.stop();
    await this.cluster.stop();
  }

  /** @returns the channel's id */
  call(conference = '3000', ...flags: string[]): string {
    const id = `${this.id}-${++this.#calls}`;
    const caller = { number: `10${this.#calls}`, name: '' };
    const channel = { id, name: `Local/${id}`, caller, language: 'en', context: 'c', dialled: null, stasis: null };
    this.controller.handle({ type: 'StasisStart', args: ['join', conference, 'default', ...flags], channel });
    return id;
  }

  hangUp(id: string): void {
    const channel = {
      id,
      name: id,
      caller: { number: '', name: '' },
      language: 'en',
      context: 'c',
      dialled: null,
      stasis: null,
    };
    this.controller.handle({ type: 'ChannelDestroyed', channel, cause: 16 });
  }

  conference(name = '3000'): Conference {
    const conference = this.controller.conferences.get(name);
    if (!conference) throw new Error(`no conference ${name} on ${this.id}`);
    return conference;
  }

  askedFor(method: string): unknown[][] {
    return this.asked.filter((each) => each.method === method).map(({ args }) => args);
  }
}
