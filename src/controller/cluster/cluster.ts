import { ClusterState } from '../../cluster/cluster-state.ts';
import { ExpectedArrivals } from '../../cluster/expected-arrivals.ts';
import { type Message, type MessageOf, parseMessage } from '../../cluster/messages.ts';
import { ownerOf } from '../../cluster/owner.ts';
import type { Place } from '../../cluster/placement.ts';
import { isFull, type Route, routeElsewhere, routeOf } from '../../cluster/route.ts';
import type { ExternalCommand } from '../../conference/model/commands.ts';
import type { Conference } from '../../conference/model/conference.ts';
import type { ClusterTelling } from '../../conference/model/remote.ts';
import type { EventChannel } from '../../events/channel.ts';
import type { AnnouncementText, CallSums, TrunkStatsReport } from '../../relay/protocol.ts';
import { WakeTimers } from '../../timing/wake-timers.ts';
import type { ClusterLink } from '../conferences.ts';
import { ControllerError } from '../errors.ts';
import { type ClusterDeps, type ClusterOptions, type LocalConferences, NO_CONFERENCES } from './deps.ts';
import { ClusterOutbox } from './outbox.ts';
import { ClusterCommands } from './remote-commands.ts';
import { TrunkPeers } from './trunk-peers.ts';
import {
  type NodeView,
  otherNodeView,
  placesOf,
  type RemoteConference,
  remoteConferences,
  trafficOf,
} from './views.ts';

const STATUS_EVERY_MS = 2000;
/** So long a controller that starts waits to hear of the others, before it believes to be alone. */
const SETTLE_MS = 1500;

/** This node among the others: what they are told, what they tell, and who carries a command out. */
export class Cluster implements ClusterLink {
  readonly #trunkPeers: TrunkPeers;
  readonly #options: ClusterOptions;
  readonly #deps: ClusterDeps;
  readonly #startedAtMs: number;
  readonly #state: ClusterState;
  readonly #commands: ClusterCommands;
  readonly #outbox: ClusterOutbox;
  readonly #channel: EventChannel<Message> | null;
  readonly #arrivals = new ExpectedArrivals();
  readonly #expiry = new WakeTimers(() => this.#expire());
  #local: LocalConferences = NO_CONFERENCES;
  #draining = false;
  /** What there is in Asterisk is known: before that, others would be told that there is nothing. */
  #ready = false;
  #statusTimer: NodeJS.Timeout | null = null;
  #onSettled: (() => void) | null = null;
  /** As the relay has told last. */
  #trunkStats: TrunkStatsReport | null = null;
  #callSums: CallSums | null = null;

  constructor(options: ClusterOptions, deps: ClusterDeps) {
    const { logger, now, openChannel } = deps;
    this.#options = options;
    this.#deps = deps;
    this.#startedAtMs = now();
    const incarnation = this.#startedAtMs;
    this.#state = new ClusterState({ ...options, incarnation });
    this.#commands = new ClusterCommands(
      { incarnation },
      { send: (to, message) => this.#channel?.send(to, message) ?? false },
    );
    this.#trunkPeers = new TrunkPeers(
      { own: options.trunk },
      {
        relay: deps.relay,
        send: (to, message) => this.#channel?.send(to, message) ?? false,
        broadcast: (message) => this.#channel?.broadcast(message),
      },
    );
    this.#outbox = new ClusterOutbox({
      conferences: () => this.#local.all,
      send: (changes) => {
        for (const delta of this.#state.deltas(changes)) this.#channel?.broadcast(delta);
      },
    });
    this.#channel =
      openChannel?.({
        parse: parseMessage,
        onPeerUp: (node) => this.#peerUp(node),
        onPeerDown: (node, reason) => this.#peerDown(node, reason),
        onMessage: (from, message) => this.#receive(from, message),
        logger,
        now: () => performance.now(),
      }) ?? null;
  }

  /** Whose conferences these are; before anything else. */
  attach(local: LocalConferences): void {
    this.#local = local;
  }

  /** @returns when the other nodes have told what they have, or after a short time */
  async start(): Promise<void> {
    if (!this.#channel) return;
    await this.#channel.start();
    this.#statusTimer = setInterval(() => this.#channel?.broadcast(this.#status()), STATUS_EVERY_MS);
    const settled = new Promise<void>((resolve) => {
      this.#onSettled = resolve;
    });
    const timer = setTimeout(() => this.#onSettled?.(), SETTLE_MS);
    this.#checkSettled();
    await settled;
    clearTimeout(timer);
    this.#onSettled = null;
    this.#trunkPeers.settled(this.#state.nodes.all.values());
  }

  /** How the relay's ways to the others are doing. */
  trunkReported(stats: TrunkStatsReport): void {
    this.#trunkStats = stats;
  }

  /** How the relay's listeners are doing. */
  callsReported(sums: CallSums): void {
    this.#callSums = sums;
  }

  /** The relay has a key for one node, or (null) for all. */
  announceKey(to: string | null, announcement: AnnouncementText): void {
    this.#trunkPeers.announce(to, announcement);
  }

  /** The relay has a key of another node. */
  keyInstalled(node: string, epoch: number): void {
    this.#trunkPeers.installed(node, epoch);
  }

  relayStarted(): void {
    this.#trunkStats = null;
    this.#callSums = null;
    this.#trunkPeers.relayStarted(this.#state.nodes.all.values());
  }

  /** Everything that Asterisk has is known: from now on, the others are told. */
  ready(): void {
    if (this.#ready || !this.#channel) return;
    this.#ready = true;
    for (const part of this.#state.snapshot(this.#local.all.values())) this.#channel.broadcast(part);
  }

  /** The other nodes keep this one's members for its lifetime. */
  async stop(): Promise<void> {
    if (this.#statusTimer) clearInterval(this.#statusTimer);
    this.#statusTimer = null;
    this.#onSettled?.();
    this.#outbox.flush();
    this.#outbox.forget();
    this.#commands.stop();
    this.#expiry.clear();
    await this.#channel?.stop();
  }

  opening(name: string): ReturnType<ClusterLink['opening']> {
    return this.#channel ? { remote: this.#state.remoteView(name), ...this.#state.shared(name) } : {};
  }

  changed(before: Conference, after: Conference): void {
    if (!this.#channel) return;
    if (this.#hasListeners) this.#outbox.changed(before);
    if (after.status === 'ended') this.#state.forgetSettings(before.name);
  }

  async tell(name: string, tell: ClusterTelling): Promise<void> {
    switch (tell.type) {
      case 'share':
        return this.#share(name, tell);
      case 'order':
        return this.#channel?.broadcast({ type: 'order', conference: name, order: tell.order });
      case 'forward': {
        const done = this.#commands.send(tell.node, name, tell.command, true);
        const { mayFail, by } = tell;
        if (mayFail) return done.catch(() => {});
        return by === undefined ? done : done.catch((error: Error) => this.#deny(name, by, error));
      }
    }
  }

  /** The other node that owns what a command is about; null where that is this one. */
  ownerOf(name: string, command: ExternalCommand): string | null {
    return ownerOf(command, this.#options.nodeId, this.#local.all.get(name), this.#state.partsOf(name));
  }

  /** A command about a member of this node, with the node's name left out. */
  asOwn(command: ExternalCommand): ExternalCommand {
    if (!('memberId' in command) || command.node !== this.#options.nodeId) return command;
    const { node, ...own } = command;
    return own as ExternalCommand;
  }

  /** Has another node carry out a command. Rejects with a `ControllerError`. */
  async send(node: string, name: string, command: ExternalCommand): Promise<void> {
    if (!this.#state.nodes.get(node)) throw new ControllerError('no-such-node', `no node "${node}"`);
    return this.#commands.send(node, name, command, false);
  }

  isRunningElsewhere(name: string): boolean {
    return this.#state.partsOf(name).some(({ part }) => part.record.status === 'running');
  }

  /** The parts of all conferences on other nodes, or of one. */
  remoteConferences(name?: string): RemoteConference[] {
    return remoteConferences(this.#state, name, this.#local);
  }

  /** All nodes, this one first. */
  get nodes(): NodeView[] {
    const { nodeId: id, version, sip } = this.#options;
    const { type: _, ...status } = this.#status();
    const since = { sinceMs: this.#startedAtMs, rttMs: null, audio: null };
    const traffic = trafficOf(this.#trunkStats, this.#callSums, this.#channel);
    const own: NodeView = { id, state: 'self', version, sip, ...since, ...status, traffic };
    const others = [...this.#state.nodes.all.values()].map((node) =>
      otherNodeView(node, this.#channel, this.#trunkStats),
    );
    return [own, ...others.sort((a, b) => (a.id < b.id ? -1 : 1))];
  }

  /** Where a caller of a conference is to go; `null` if it is not known yet which one they want. */
  routeOf(conference: string | null): Route {
    const { placement, nodeId } = this.#options;
    return routeOf(placement, nodeId, this.#placesFor(conference));
  }

  /** As `routeOf`, for a caller who has waited here for too long; null if no other node takes calls. */
  routeElsewhere(conference: string | null): Route | null {
    const { placement, nodeId } = this.#options;
    return routeElsewhere(placement, nodeId, this.#placesFor(conference));
  }

  /** A caller was sent to another node. */
  sent(node: string): void {
    this.#arrivals.sent(node, this.#deps.now());
  }

  /** This node has as many calls as it takes, those that wait to be let in as well. */
  get isFull(): boolean {
    const { members, capacity, admission } = this.#status();
    return isFull({ members: members + admission.waiting, capacity });
  }

  /** The name of this node where it has a cluster, else null. */
  get nodeId(): string | null {
    return this.#channel ? this.#options.nodeId : null;
  }

  /** Forgets what is known of another node; one that is up is asked again. Throws a `ControllerError`. */
  flush(node: string): void {
    if (!this.#state.nodes.get(node)) throw new ControllerError('no-such-node', `no other node "${node}"`);
    this.#refresh(this.#state.nodes.flush(node));
    this.#channel?.send(node, { type: 'want-snapshot' });
  }

  /** Whether placement sends new calls to other nodes. Those that are here stay. */
  drain(draining: boolean): void {
    this.#draining = draining;
    this.#channel?.broadcast(this.#status());
  }

  /** A key of a member was refused on another node: the member hears so, as for a refusal on this node. */
  #deny(name: string, memberId: number, error: Error): void {
    this.#deps.logger.info(`conference ${name}: refused to member ${memberId}: ${error.message}`);
    const command = { type: 'tell-failure', memberId, prompt: 'denied' } as const;
    this.#local.tell(name, { type: 'command', command });
  }

  #placesFor(conference: string | null): Place[] {
    const nowMs = this.#deps.now();
    return placesOf(this.nodes, conference, this.#state, this.#local).map((each) => ({
      ...each,
      members: each.members + this.#arrivals.expectedAt(each.node, nowMs),
    }));
  }

  get #hasListeners(): boolean {
    return this.#ready && this.#channel !== null && this.#channel.peers.size > 0;
  }

  #share(name: string, { change, restored }: Extract<ClusterTelling, { type: 'share' }>): void {
    const settings = this.#state.share(name, change, restored ?? false);
    if (this.#hasListeners) this.#outbox.share(name, settings);
    const value = this.#state.shared(name)[change.setting];
    if (value === change.value) return;
    // Somebody has said something else since; the conference is in the middle of its turn.
    const newer = { setting: change.setting, value } as typeof change;
    queueMicrotask(() => this.#local.tell(name, { type: 'shared', change: newer, anew: false }));
  }

  #peerUp(node: string): void {
    const { version, sip, trunk } = this.#options;
    this.#state.nodes.up(node, this.#deps.now());
    this.#deps.logger.info(`node ${node} is up`, { node });
    const hello: Message = { type: 'hello', version, incarnation: this.#startedAtMs, sip, trunk };
    this.#channel?.send(node, hello);
    this.#channel?.send(node, this.#status());
    this.#trunkPeers.up(node);
    if (this.#ready) this.#sendSnapshot(node);
    this.#refresh(this.#conferencesOf(node));
  }

  #sendSnapshot(to: string): void {
    this.#outbox.flush();
    for (const part of this.#state.snapshot(this.#local.all.values())) this.#channel?.send(to, part);
  }

  #peerDown(node: string, reason: string): void {
    const nowMs = this.#deps.now();
    this.#state.nodes.down(node, nowMs);
    this.#commands.peerDown(node);
    // It is this node that goes; a timer would keep its process from ending.
    if (reason === 'stopped') return;
    this.#deps.logger.warn(`node ${node} is silent: ${reason}`, { node });
    this.#expiry.wake('next', this.#state.nodes.nextExpiryMs, nowMs);
    this.#refresh(this.#conferencesOf(node));
  }

  #conferencesOf(node: string): string[] {
    return [...(this.#state.nodes.get(node)?.replica.conferences.keys() ?? [])];
  }

  #expire(): void {
    const nowMs = this.#deps.now();
    const { gone, touched } = this.#state.nodes.expire(nowMs);
    for (const node of gone) this.#deps.logger.warn(`node ${node} is gone, with its members`, { node });
    if (gone.length > 0) this.#trunkPeers.changed(this.#state.nodes.all.values());
    this.#refresh(touched);
    const nextMs = this.#state.nodes.nextExpiryMs;
    if (Number.isFinite(nextMs)) this.#expiry.wake('next', nextMs, nowMs);
  }

  #receive(from: string, message: Message): void {
    this.#state.nodes.heard(from, this.#deps.now());
    switch (message.type) {
      case 'want-snapshot':
        return this.#ready ? this.#sendSnapshot(from) : undefined;
      case 'command':
        return this.#carryOut(from, message);
      case 'ack':
        return this.#commands.acknowledged(from, message);
      case 'media-key':
      case 'media-key-ack':
      case 'want-media-key':
        return this.#trunkPeers.received(from, message);
      case 'order':
        return this.#local.tell(message.conference, { type: 'order', order: message.order });
      default: {
        const membersBefore = this.#membersOf(from);
        const { touched, settings, wantsSnapshot } = this.#state.receive(from, message);
        this.#arrivals.arrived(from, this.#membersOf(from) - membersBefore);
        if (message.type === 'hello') this.#trunkPeers.changed(this.#state.nodes.all.values());
        if (wantsSnapshot) this.#channel?.send(from, { type: 'want-snapshot' });
        for (const { conference, change, anew } of settings) {
          this.#local.tell(conference, { type: 'shared', change, anew });
        }
        this.#refresh(touched);
        this.#checkSettled();
      }
    }
  }

  #membersOf(node: string): number {
    return this.#state.nodes.get(node)?.replica.members ?? 0;
  }

  #carryOut(from: string, message: MessageOf<'command'>): void {
    const { conference, command, final } = message;
    const work = () => this.#local.command(conference, this.asOwn(command), final);
    this.#commands.received(from, message, work).then((ack) => {
      // The asking node sees what has become of it when the answer comes.
      this.#outbox.flush();
      this.#channel?.send(from, ack);
    });
  }

  /** Tells conferences of this node that their parts elsewhere have changed. */
  #refresh(names: Iterable<string>): void {
    for (const name of names) {
      const conference = this.#local.all.get(name);
      if (!conference) {
        this.#state.forgetSettings(name);
        continue;
      }
      const remote = this.#state.remoteView(name);
      if (JSON.stringify(remote) === JSON.stringify(conference.remote)) continue;
      this.#local.tell(name, { type: 'remote', remote });
    }
  }

  #checkSettled(): void {
    const { nodes } = this.#state;
    const up = [...nodes.all.values()].filter(({ state }) => state === 'up');
    // A node that the relay knows was there a moment ago, and would be taken for gone.
    const expected = this.#deps.relay.foundPeers.map(({ nodeId }) => nodes.get(nodeId));
    if (expected.some((node) => node?.state !== 'up')) return;
    if (up.length > 0 && up.every(({ replica }) => replica.isComplete)) this.#onSettled?.();
  }

  #status(): MessageOf<'status'> {
    const { capacity } = this.#options;
    const conferences = this.#local.all.size;
    const members = [...this.#local.all.values()].reduce((sum, { members }) => sum + members.size, 0);
    const [load, admission] = [this.#deps.load(), this.#local.admission()];
    return { type: 'status', conferences, members, load, capacity, draining: this.#draining, admission };
  }
}
