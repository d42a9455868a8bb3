import { ClusterState } from '../../../src/cluster/cluster-state.ts';
import { changesBetween } from '../../../src/cluster/diff.ts';
import { type Change, type Message, parseMessage } from '../../../src/cluster/messages.ts';
import type { Conference } from '../../../src/conference/model/conference.ts';
import type { Input } from '../../../src/conference/model/inputs.ts';
import { reduce } from '../../../src/conference/reduce.ts';
import { conference } from '../conference/conferences.ts';

export const LIFETIME_MS = 15_000;

/** A node without a shell: its conference 3000, and how it sees the cluster. */
export class Node {
  readonly id: string;
  readonly state: ClusterState;
  conference: Conference = conference();
  readonly #send: (message: Message) => void;

  constructor(id: string, send: (message: Message) => void, incarnation = 1) {
    this.id = id;
    this.state = new ClusterState({ nodeId: id, incarnation, lifetimeMs: LIFETIME_MS });
    this.#send = send;
  }

  happens(input: Input, nowMs = 1000): void {
    const before = this.conference;
    const remote = this.state.remoteView('3000');
    const start = before.status === 'new' ? { ...before, remote, ...this.state.shared('3000') } : before;
    const { conference: after, effects } = reduce(start, input, nowMs);
    this.conference = after.status === 'ended' ? conference() : after;
    const changes: Change[] = changesBetween(before, after);
    for (const effect of effects) {
      if (effect.type === 'cluster' && effect.tell.type === 'share') {
        changes.push(this.state.share('3000', effect.tell.change, effect.tell.restored ?? false));
      }
    }
    for (const delta of this.state.deltas(changes)) this.#send(delta);
  }

  receive(from: string, message: Message): Message[] {
    // Over the wire.
    const parsed = parseMessage(JSON.parse(JSON.stringify(message)));
    if (!parsed) throw new Error(`not a message: ${JSON.stringify(message)}`);
    if (parsed.type === 'want-snapshot') return this.snapshot();
    const { settings, wantsSnapshot } = this.state.receive(from, parsed);
    if (this.conference.status !== 'new') {
      for (const { change, anew } of settings) this.happens({ type: 'shared', change, anew });
      this.happens({ type: 'remote', remote: this.state.remoteView('3000') });
    }
    return wantsSnapshot ? [{ type: 'want-snapshot' }] : [];
  }

  snapshot(): Message[] {
    return this.state.snapshot([this.conference]);
  }
}

/** Between any two nodes a queue in each direction. */
export class Network {
  readonly nodes: Node[];
  readonly #queues = new Map<string, Message[]>();

  constructor(ids: readonly string[]) {
    this.nodes = ids.map((id) => new Node(id, (message) => this.#broadcast(id, message)));
    for (const a of this.nodes) for (const b of this.nodes) if (a !== b) a.state.nodes.up(b.id, 0);
  }

  queue(from: string, to: string): Message[] {
    const key = `${from}>${to}`;
    const queue = this.#queues.get(key) ?? [];
    this.#queues.set(key, queue);
    return queue;
  }

  /** Delivers the first message from one node to another, if there is one. */
  deliver(from: Node, to: Node): boolean {
    const message = this.queue(from.id, to.id).shift();
    if (message) for (const answer of to.receive(from.id, message)) this.queue(to.id, from.id).push(answer);
    return message !== undefined;
  }

  /** Until nothing is under way. */
  settle(): void {
    let moved = true;
    while (moved) {
      moved = false;
      for (const a of this.nodes) for (const b of this.nodes) moved = (a !== b && this.deliver(a, b)) || moved;
    }
  }

  /** All channels were down and are up again: what was under way is lost. */
  reconnect(): void {
    this.#queues.clear();
    for (const a of this.nodes) {
      for (const b of this.nodes) {
        if (a === b) continue;
        a.state.nodes.down(b.id, 0);
        a.state.nodes.up(b.id, 0);
        this.queue(a.id, b.id).push(...a.snapshot());
      }
    }
  }

  /** The controller of a node dies with all that was under way, and the next one adopts its calls. */
  restart({ id, conference }: Node, incarnation: number): void {
    const fresh = new Node(id, (message) => this.#broadcast(id, message), incarnation);
    fresh.conference = conference;
    const { locked, mutedAll } = conference;
    if (locked) fresh.state.share('3000', { setting: 'locked', value: locked }, true);
    if (mutedAll) fresh.state.share('3000', { setting: 'mutedAll', value: mutedAll }, true);
    for (const { id: other } of this.nodes) if (other !== id) fresh.state.nodes.up(other, 0);
    this.nodes.splice(
      this.nodes.findIndex((node) => node.id === id),
      1,
      fresh,
    );
    this.reconnect();
  }

  #broadcast(from: string, message: Message): void {
    for (const { id } of this.nodes) if (id !== from) this.queue(from, id).push(message);
  }
}
