import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';
import { onLines, sendLine } from '../../relay/protocol/lines.ts';
import {
  type AnnouncementText,
  type CallSpec,
  type CallStatistics,
  type FloorSpec,
  type RelayReport,
  type RelayRequest,
  type RtpAddress,
  relayReportSchema,
  type TrunkPeerSpec,
} from '../../relay/protocol/protocol.ts';
import { SilenceWatch } from '../../timing/silence-watch.ts';
import { Waiters } from '../../timing/waiters.ts';
import { withTimeout } from '../../timing/with-timeout.ts';

const RETRY_MS = 25;
/** How long a controller that starts waits for a relay that may be starting too. */
const FIRST_WAIT_MS = 1500;
/** It answers within milliseconds. */
const ANSWER_MS = 500;
/** It is asked for a sign of life so often, and answers at once. */
const PING_MS = 1000;
/** The relay may be silent for this time, also after connecting; a busy machine may hold it up. */
const SILENCE_MS = 2500;

export type RelayLinkDeps = {
  logger: Logger;
  /** A report about a floor, a call or a trunk. */
  onReport: (report: RelayReport) => void;
  /** The relay has come. */
  onConnected: () => void;
};

/**
 * The controller's side of the control connection to the relay. It keeps what is wanted, and states all of it whenever the
 * relay is there again; of what the relay reports it keeps what a restarted relay must be told.
 */
export class RelayLink {
  readonly #path: string;
  readonly #deps: RelayLinkDeps;
  readonly #stopping = new AbortController();
  readonly #floors = new Map<string, FloorSpec>();
  /** By channel. Bounded by the calls of Asterisk. */
  readonly #calls = new Map<string, CallSpec>();
  /** Asked for, by channel. */
  readonly #statistics = new Waiters<CallStatistics | null>();
  /** Null until it is known which nodes there are. */
  #peers: readonly TrunkPeerSpec[] | null = null;
  /** The nodes that the relay knew when it was connected to. */
  #foundPeers: readonly TrunkPeerSpec[] = [];
  /** Calls that the relay had when it was connected to, for members that are adopted. */
  #found = new Map<string, CallSpec>();
  #socket: Socket | null = null;
  #meters: RtpAddress | null = null;
  #pid: number | null = null;
  /** Whether it is known what is wanted: a controller that has just started must not end what it finds. */
  #ready = false;
  #running: Promise<void> = Promise.resolve();
  #sockets: 'libc' | 'dgram' | null = null;
  readonly #waiting: (() => void)[] = [];

  constructor(options: { socketPath: string }, deps: RelayLinkDeps) {
    this.#path = options.socketPath;
    this.#deps = deps;
  }

  get status(): { connected: boolean; pid: number | null; sockets: 'libc' | 'dgram' | null } {
    return { connected: this.#socket !== null, pid: this.#socket && this.#pid, sockets: this.#socket && this.#sockets };
  }

  /** Resolves when the relay is connected. */
  async connected(): Promise<void> {
    if (!this.#socket) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Where meters are to connect to; null while there is no relay. */
  get meters(): RtpAddress | null {
    return this.#socket && this.#meters;
  }

  /** Connects, and connects again whenever the connection is lost. Resolves when connected, or after a while. */
  async start(): Promise<void> {
    this.#running = this.#keepConnected();
    await withTimeout(this.connected(), FIRST_WAIT_MS, () => {});
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#socket?.destroy();
    await this.#running;
  }

  /** All wanted floors and calls are known by now: states them, and ends all others in the relay. */
  ready(): void {
    this.#ready = true;
    this.#stateEverything();
  }

  /** A call as it is wanted, or as the relay had it when it was connected to. */
  callOf(channelId: string): CallSpec | null {
    return this.#calls.get(channelId) ?? this.#found.get(channelId) ?? null;
  }

  /** The channels of all calls that are wanted, or that the relay had. */
  get calls(): readonly string[] {
    return [...new Set([...this.#calls.keys(), ...this.#found.keys()])];
  }

  setFloor(floor: Omit<FloorSpec, 'port'>): void {
    const known = this.#floors.get(floor.conference);
    const spec = { ...floor, port: known?.port ?? null };
    this.#floors.set(floor.conference, spec);
    this.#state({ type: 'floor', floor: spec });
  }

  endFloor(conference: string): void {
    if (this.#floors.delete(conference)) this.#state({ type: 'end-floor', conference });
  }

  /** A call that comes while it is not known yet which others are wanted is stated at once: its phone waits. */
  setCall(call: CallSpec): void {
    this.#calls.set(call.channelId, call);
    this.#send({ type: 'call', call });
  }

  endCall(channelId: string): void {
    const wasFound = this.#found.delete(channelId);
    if (this.#calls.delete(channelId) || wasFound) this.#send({ type: 'end-call', channelId });
  }

  /** Asterisk is about to connect to `meters` with this id. */
  expectMeter(meter: string): void {
    this.#send({ type: 'expect-meter', meter });
  }

  /** @returns null if the relay does not know the call, or does not answer */
  statisticsOf(channelId: string): Promise<CallStatistics | null> {
    if (!this.#socket) return Promise.resolve(null);
    const answer = this.#statistics.wait(channelId, ANSWER_MS, () => null);
    this.#send({ type: 'ask-statistics', channelId });
    return answer;
  }

  /** The nodes that the relay knew when it was connected to; none if it was started then. */
  get foundPeers(): readonly TrunkPeerSpec[] {
    return this.#foundPeers;
  }

  setPeers(peers: readonly TrunkPeerSpec[]): void {
    this.#peers = peers;
    this.#send({ type: 'peers', peers: [...peers] });
  }

  /** Has the relay tell its keys to a node: an `announce` report follows. */
  announceTo(nodeId: string): void {
    this.#send({ type: 'announce-to', nodeId });
  }

  /** Passes a key of another node's relay on. */
  installKey(nodeId: string, announcement: AnnouncementText): void {
    this.#send({ type: 'peer-key', nodeId, announcement });
  }

  keyAcknowledged(nodeId: string, epoch: number): void {
    this.#send({ type: 'key-acknowledged', nodeId, epoch });
  }

  /** Requests about floors and listeners wait until all that is wanted is known. */
  #state(request: RelayRequest): void {
    if (this.#ready) this.#send(request);
  }

  #send(request: RelayRequest): void {
    if (this.#socket) sendLine(this.#socket, request);
  }

  #stateEverything(): void {
    const floors = [...this.#floors.values()];
    const calls = [...this.#calls.values()];
    this.#send({ type: 'everything', floors, calls, peers: [...(this.#peers ?? this.#foundPeers)] });
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#stopping;
    let hasLogged = false;
    while (!signal.aborted) {
      const connected = await this.#connectOnce();
      if (signal.aborted) return;
      if (connected) {
        hasLogged = false;
        this.#deps.logger.warn('the connection to the relay is lost; connecting again until it answers');
      } else if (!hasLogged) {
        hasLogged = true;
        this.#deps.logger.info(`no relay answers at ${this.#path} yet; trying again until it does`);
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** @returns once the connection has ended, whether there was one */
  #connectOnce(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#path);
      let greeted = false;
      const watch = new SilenceWatch({
        checkEveryMs: PING_MS,
        limitMs: SILENCE_MS,
        onCheck: () => greeted && sendLine(socket, { type: 'ping' } satisfies RelayRequest),
        // A process that is stopped keeps its connections.
        onSilent: () => socket.destroy(),
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        watch.stop();
        if (greeted) this.#socket = null;
        resolve(greeted);
      });
      onLines(socket, (value) => {
        watch.heard();
        const report = relayReportSchema.safeParse(value);
        // A relay of another version may tell more than is known here.
        if (!report.success) return;
        if (report.data.type !== 'hello') return this.#handleReport(report.data);
        greeted = true;
        this.#greeted(socket, report.data);
      });
    });
  }

  #greeted(socket: Socket, hello: Extract<RelayReport, { type: 'hello' }>): void {
    this.#socket = socket;
    this.#sockets = hello.sockets;
    this.#meters = hello.meters;
    this.#pid = hello.pid;
    this.#foundPeers = hello.peers;
    this.#found = new Map(hello.calls.map((call) => [call.channelId, call]));
    this.#deps.logger.info(`connected to the relay, process ${hello.pid}`);
    if (this.#ready) this.#stateEverything();
    else if (this.#peers) this.#send({ type: 'peers', peers: [...this.#peers] });
    this.#deps.onConnected();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #handleReport(report: RelayReport): void {
    if (report.type === 'call-source') {
      const call = this.#calls.get(report.channelId);
      if (call) this.#calls.set(report.channelId, { ...call, source: report.source });
    } else if (report.type === 'call-statistics') {
      this.#statistics.settle(report.channelId, report.statistics);
    } else if (report.type === 'floor') {
      const spec = this.#floors.get(report.conference);
      if (spec) this.#floors.set(report.conference, { ...spec, port: report.local.port });
    } else if (report.type === 'meters') this.#meters = report.address;
    this.#deps.onReport(report);
  }
}
