import type { Logger } from 'winston';
import type { PinTry } from '../../admission/pin-gates.ts';
import { ClusterState } from '../../cluster/cluster-state.ts';
import type { OtherNode } from '../../cluster/membership.ts';
import { type Message, type MessageOf, parseMessage } from '../../cluster/messages.ts';
import type { Placement } from '../../cluster/placement.ts';
import type { Route } from '../../cluster/route.ts';
import type { Conference } from '../../conference/model/conference.ts';
import type { ClusterTelling } from '../../conference/model/remote.ts';
import type { EventChannel, EventChannelDeps, PeerDownReason } from '../../events/channel.ts';
import type { AnnouncementText, CallSums, TrunkStatsReport } from '../../relay/protocol/protocol.ts';
import { CallPlacement } from './call-placement.ts';
import { CommandForwarding } from './command-forwarding.ts';
import { ConferenceSharing, type RemoteConference } from './conference-sharing.ts';
import { type LocalConferences, NO_CONFERENCES } from './local-conferences.ts';
import { NodeStatus, type NodeView } from './node-status.ts';
import { NodeWatch } from './node-watch.ts';
import { RemoteCommands } from './remote-commands.ts';
import { RemoteRecords } from './remote-records.ts';
import { TableAgreement } from './table-agreement.ts';
import { TrunkPeers, type TrunkPeersDeps } from './trunk-peers.ts';

export type ClusterOptions = {
  nodeId: string;
  version: string;
  /** A node that is silent for this time is gone, with its members. */
  lifetimeMs: number;
  /** Calls that this node takes; null without a limit. */
  capacity: number | null;
  /** Which node new calls are sent to. */
  placement: Placement;
  /** Where phones reach this node; null if it is not configured. */
  sip: string | null;
  trunk: MessageOf<'hello'>['trunk'];
};

export type ClusterDeps = {
  /** Null for a node by itself. */
  openChannel: ((deps: EventChannelDeps<Message>) => EventChannel<Message>) | null;
  logger: Logger;
  now: () => number;
  /** 1 is all that the processors of this machine can do. */
  load: () => number;
  /** How many problems this node has. */
  problems: () => number;
  /** The relay, as far as other nodes concern it. */
  relay: TrunkPeersDeps['relay'];
};

/** This node among the others: hands each message between them to the part that it is about. */
export class Cluster {
  /** Has commands executed where they belong. */
  readonly forwarding: CommandForwarding;
  /** Asks other nodes what they have recorded. */
  readonly records: RemoteRecords;
  readonly #nodeId: string;
  readonly #state: ClusterState;
  readonly #channel: EventChannel<Message> | null;
  readonly #nodeWatch: NodeWatch;
  readonly #status: NodeStatus;
  readonly #placement: CallPlacement;
  readonly #remoteCommands: RemoteCommands;
  readonly #sharing: ConferenceSharing;
  readonly #trunkPeers: TrunkPeers;
  readonly #tables: TableAgreement;
  #local: LocalConferences = NO_CONFERENCES;

  constructor(options: ClusterOptions, deps: ClusterDeps) {
    const { nodeId, version, sip, trunk } = options;
    const { logger, now, relay, load, problems, openChannel } = deps;
    const startedAtMs = now();
    const incarnation = startedAtMs;
    const state = new ClusterState({ ...options, incarnation });
    const { nodes } = state;
    const channel =
      openChannel?.({
        parse: parseMessage,
        onPeerUp: (node) => this.#peerUp(node),
        onPeerDown: (node, reason) => this.#peerDown(node, reason),
        onMessage: (from, message) => this.#receive(from, message),
        logger,
        now: () => performance.now(),
      }) ?? null;
    const local = () => this.#local;
    this.#nodeId = nodeId;
    this.#tables = new TableAgreement({ own: () => this.#local.table(), logger });
    this.#state = state;
    this.#channel = channel;
    this.#nodeWatch = new NodeWatch(
      { hello: { type: 'hello', version, incarnation, sip, trunk } },
      {
        nodes,
        channel,
        logger,
        now,
        expected: () => relay.foundPeers.map((peer) => peer.nodeId),
        onGone: (conferences) => {
          this.#trunkPeers.changed(nodes.all.values());
          this.#sharing.refresh(conferences);
        },
      },
    );
    this.#status = new NodeStatus({ ...options, startedAtMs }, { nodes, channel, local, load, problems });
    this.#placement = new CallPlacement(options, { state, status: this.#status, local, now });
    this.#sharing = new ConferenceSharing({ state, channel, local });
    const send = (to: string, message: Message) => channel?.send(to, message) ?? false;
    const remote = new RemoteCommands({ incarnation }, { send });
    const flush = () => this.#sharing.flush();
    this.forwarding = new CommandForwarding(options, { state, channel, remote, local, logger, flush });
    this.#remoteCommands = remote;
    this.records = new RemoteRecords({ incarnation }, { send });
    this.#trunkPeers = new TrunkPeers({ own: trunk }, { relay, channel });
  }

  /** The conferences of this node; before anything else. */
  attach(local: LocalConferences): void {
    this.#local = local;
  }

  /** @returns when the other nodes have sent their snapshots, or after a short time */
  async start(): Promise<void> {
    if (!this.#channel) return;
    await this.#channel.start();
    this.#status.start();
    await this.#nodeWatch.settled();
    this.#trunkPeers.settled(this.#state.nodes.all.values());
  }

  /** Asterisk has been read: from now on, the others are told of the conferences here. */
  ready(): void {
    this.#sharing.ready();
  }

  /** The other nodes keep this one's members for its lifetime. */
  async stop(): Promise<void> {
    this.#status.stop();
    this.#nodeWatch.stop();
    this.#sharing.stop();
    this.#remoteCommands.stop();
    this.records.stop();
    await this.#channel?.stop();
  }

  /** The name of this node where it has a cluster, else null. */
  get nodeId(): string | null {
    return this.#channel ? this.#nodeId : null;
  }

  /** All nodes, this one first. */
  get nodes(): NodeView[] {
    return this.#status.views;
  }

  /** The reason that keeps the event channel from other nodes, in words. */
  get channelProblems(): readonly string[] {
    return this.#channel?.problems ?? [];
  }

  /** The other nodes that are known and not up. */
  get away(): OtherNode[] {
    return [...this.#state.nodes.all.values()].filter(({ state }) => state !== 'up');
  }

  /** Forgets what is known of another node; one that is up is asked again. Throws a `ControllerError`. */
  flush(node: string): void {
    this.#sharing.refresh(this.#nodeWatch.flush(node));
  }

  /** Whether placement sends new calls to other nodes. Those that are here stay. */
  drain(draining: boolean): void {
    this.#status.drain(draining);
  }

  /** Statistics of the relay's trunks. */
  trunkReported(stats: TrunkStatsReport): void {
    this.#status.trunkReported(stats);
  }

  /** Statistics of the relay's calls. */
  callsReported(sums: CallSums): void {
    this.#status.callsReported(sums);
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
    this.#status.relayStarted();
    this.#trunkPeers.relayStarted(this.#state.nodes.all.values());
  }

  /** As `ConferenceSharing.opening`. */
  opening(name: string): ReturnType<ConferenceSharing['opening']> {
    return this.#sharing.opening(name);
  }

  /** A conference of this node has changed. */
  changed(before: Conference, after: Conference): void {
    this.#sharing.changed(before, after);
  }

  /** @returns once it is sent, or executed where it was forwarded to; rejects with a `ControllerError` */
  async publish(name: string, telling: ClusterTelling): Promise<void> {
    switch (telling.type) {
      case 'share':
        return this.#sharing.share(name, telling);
      case 'broadcast':
        return this.#channel?.broadcast({ ...telling, conference: name });
      case 'forward':
        return this.forwarding.forward(name, telling);
    }
  }

  /** A caller of this node has dialled a wrong PIN. */
  tellWrongPin(tried: PinTry): void {
    this.#channel?.broadcast({ type: 'wrong-pin', tried });
  }

  /** As `ConferenceSharing.profileElsewhere`. */
  profileElsewhere(name: string): string | null {
    return this.#sharing.profileElsewhere(name);
  }

  isRunningElsewhere(name: string): boolean {
    return this.#sharing.isRunningElsewhere(name);
  }

  /** The parts of all conferences on other nodes, or of one. */
  remoteConferences(name?: string): RemoteConference[] {
    return this.#sharing.remoteConferences(name);
  }

  /** As `CallPlacement.routeOf`. */
  routeOf(conference: string | null): Route {
    return this.#placement.routeOf(conference);
  }

  /** As `CallPlacement.routeElsewhere`. */
  routeElsewhere(conference: string | null): Route | null {
    return this.#placement.routeElsewhere(conference);
  }

  /** As `CallPlacement.isFull`. */
  get isFull(): boolean {
    return this.#placement.isFull;
  }

  /** A caller was sent to another node. */
  sent(node: string): void {
    this.#placement.sent(node);
  }

  #peerUp(node: string): void {
    this.#nodeWatch.up(node);
    this.#status.sendTo(node);
    this.#trunkPeers.up(node);
    this.#sharing.sendSnapshot(node);
    this.#sharing.refreshOf(node);
  }

  #peerDown(node: string, reason: PeerDownReason): void {
    this.#nodeWatch.down(node, reason);
    this.#remoteCommands.peerDown(node);
    this.records.peerDown(node);
    if (reason !== 'stopped') this.#sharing.refreshOf(node);
  }

  #receive(from: string, message: Message): void {
    this.#nodeWatch.heard(from);
    switch (message.type) {
      case 'want-snapshot':
        return this.#sharing.sendSnapshot(from);
      case 'command':
        return void this.forwarding.handleCommand(from, message);
      case 'ack':
        return this.#remoteCommands.handleAck(from, message);
      case 'ask-records':
        return void this.records.handleQuestion(from, message);
      case 'more-records':
        return this.records.handleMore(from, message);
      case 'records':
        return this.records.handleAnswer(from, message);
      case 'media-key':
      case 'media-key-ack':
      case 'want-media-key':
        return this.#trunkPeers.handleMessage(from, message);
      case 'broadcast': {
        const { conference, ...told } = message;
        return this.#local.dispatch(conference, told);
      }
      case 'wrong-pin':
        return this.#local.wrongPinElsewhere(message.tried);
      case 'hello':
      case 'status':
      case 'snapshot':
      case 'delta': {
        const callsBefore = this.#callsOf(from);
        this.#sharing.receive(from, message);
        this.#placement.arrived(from, this.#callsOf(from) - callsBefore);
        if (message.type === 'status') this.#tables.seen(from, message.table);
        if (message.type === 'hello') this.#trunkPeers.changed(this.#state.nodes.all.values());
        this.#nodeWatch.checkSettled();
      }
    }
  }

  #callsOf(node: string): number {
    return this.#state.nodes.get(node)?.replica.calls ?? 0;
  }
}
