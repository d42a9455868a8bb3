import type { Conference } from '../conference/model/conference.ts';
import type { RemoteView, Shared, SharedChange } from '../conference/model/remote.ts';
import { changesBetween } from './diff.ts';
import { Membership } from './membership.ts';
import { type Change, type Message, type MessageOf, MOST_IN_MESSAGE } from './messages.ts';
import { type NodePart, remoteViewOf } from './node-parts.ts';
import { changesSince, latestClock, mergeRegisters, type Registers, UNSET, withChange } from './registers.ts';

export type ClusterStateOptions = {
  nodeId: string;
  /** When this controller has started, in ms: another than that of the one before it. */
  incarnation: number;
  lifetimeMs: number;
};

/** A setting that another node has changed; `anew` if it was changed just now. */
export type SettingChanged = { readonly conference: string; readonly change: SharedChange; readonly anew: boolean };

/** The changes that a message has made. */
export type Received = {
  /** Conferences that it is about. */
  readonly touched: ReadonlySet<string>;
  readonly settings: readonly SettingChanged[];
  /** Something was missed: the sender must be asked for everything. */
  readonly wantsSnapshot: boolean;
};

/** How this node sees the cluster, and what it tells it of its own conferences. No clock, no channel. */
export class ClusterState {
  readonly nodes: Membership;
  readonly #options: ClusterStateOptions;
  /** The settings of each conference that any node has. */
  readonly #registers = new Map<string, Registers>();
  #clock = 0;
  #sequence = 0;

  constructor(options: ClusterStateOptions) {
    this.#options = options;
    this.nodes = new Membership(options);
  }

  /** The parts of a conference on other nodes. */
  partsOf(conference: string): NodePart[] {
    const parts: NodePart[] = [];
    for (const { id: node, state, replica } of this.nodes.all.values()) {
      const part = replica.conferences.get(conference);
      const sums = replica.sumsOf(conference);
      if (part && sums) parts.push({ node, reachable: state === 'up', part, sums });
    }
    return parts;
  }

  /** The names of conferences that other nodes have. */
  get remoteConferences(): Set<string> {
    return new Set([...this.nodes.all.values()].flatMap(({ replica }) => [...replica.conferences.keys()]));
  }

  remoteView(conference: string): RemoteView {
    return remoteViewOf(this.#options.nodeId, this.partsOf(conference));
  }

  /** The settings of a conference on all nodes. */
  shared(conference: string): Shared {
    const { locked, mutedAll } = this.#registers.get(conference) ?? UNSET;
    return { locked: locked.value, mutedAll: mutedAll.value };
  }

  /**
   * This node has changed a setting. A setting that was found in Asterisk after a restart is older than any that a node
   * has sent.
   * @returns the change for the other nodes
   */
  share(conference: string, change: SharedChange, restored: boolean): Change {
    const clock = restored ? 1 : this.#clock + 1;
    this.#clock = Math.max(this.#clock, clock);
    const before = this.#registers.get(conference) ?? UNSET;
    const registers = withChange(before, change, { clock, node: this.#options.nodeId });
    this.#registers.set(conference, registers);
    return { type: 'settings', conference, registers };
  }

  /** This node does not have the conference any more. If no other node has it either, its settings are forgotten. */
  forgetSettings(conference: string): void {
    if (this.partsOf(conference).length === 0) this.#registers.delete(conference);
  }

  /** Everything that this node owns, and the settings of all conferences. */
  snapshot(own: Iterable<Conference>): MessageOf<'snapshot'>[] {
    const changes: Change[] = [];
    for (const conference of own) changes.push(...changesBetween(null, conference));
    for (const [conference, registers] of this.#registers) changes.push({ type: 'settings', conference, registers });
    const batches = inBatches(changes);
    const { incarnation } = this.#options;
    const common = { type: 'snapshot' as const, incarnation, sequence: this.#sequence, parts: batches.length };
    return batches.map((batch, part) => ({ ...common, part, changes: batch }));
  }

  /** Numbers changes for all peers. */
  deltas(changes: readonly Change[]): MessageOf<'delta'>[] {
    if (changes.length === 0) return [];
    const { incarnation } = this.#options;
    return inBatches(changes).map((batch) => ({
      type: 'delta' as const,
      incarnation,
      sequence: ++this.#sequence,
      changes: batch,
    }));
  }

  /** Applies what another node says about itself and its conferences; other messages are ignored. */
  receive(from: string, message: Message): Received {
    const node = this.nodes.get(from);
    const nothing: Received = { touched: new Set(), settings: [], wantsSnapshot: false };
    if (!node) return nothing;
    switch (message.type) {
      case 'hello':
        node.hello = message;
        return nothing;
      case 'status':
        node.status = message;
        return nothing;
      case 'snapshot':
      case 'delta': {
        const { outcome, touched, settings } = node.replica.apply(message);
        if (outcome === 'applied' && message.type === 'snapshot') node.asked = false;
        const wantsSnapshot = outcome === 'gap' && !node.asked;
        if (wantsSnapshot) node.asked = true;
        const anew = message.type === 'delta';
        const merged = settings.flatMap((theirs) => this.#merge(theirs.conference, theirs.registers, anew));
        const about = settings.map(({ conference }) => conference);
        return { touched: new Set([...touched, ...about]), settings: merged, wantsSnapshot };
      }
      default:
        return nothing;
    }
  }

  #merge(conference: string, theirs: Registers, anew: boolean): SettingChanged[] {
    const before = this.#registers.get(conference) ?? UNSET;
    const after = mergeRegisters(before, theirs);
    this.#clock = Math.max(this.#clock, latestClock(after));
    this.#registers.set(conference, after);
    return changesSince(before, after).map((change) => ({ conference, change, anew }));
  }
}

/** At least one, which may be empty. */
function inBatches(changes: readonly Change[]): Change[][] {
  const batches: Change[][] = [changes.slice(0, MOST_IN_MESSAGE)];
  for (let at = MOST_IN_MESSAGE; at < changes.length; at += MOST_IN_MESSAGE) {
    batches.push(changes.slice(at, at + MOST_IN_MESSAGE));
  }
  return batches;
}
