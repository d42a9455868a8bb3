import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';
import { onLines, sendLine } from '../relay/lines.ts';
import {
  type AnnouncementText,
  type FloorWish,
  type LegState,
  type ListenerWish,
  type RelayReport,
  type RelayRequest,
  type RtpAddress,
  relayReportSchema,
  type TrunkPeerWish,
} from '../relay/protocol.ts';

const RETRY_MS = 25;
/** How long a controller that starts waits for a relay that may be starting too. */
const FIRST_WAIT_MS = 1500;
/** A relay that died is started again within this; what it did goes on then. */
const RESTART_MS = 5000;
/** It is asked for a sign of life so often, and answers at once. */
const PING_MS = 1000;
/** So long it may say nothing, also when connected to; a busy machine may hold it up. */
const SILENCE_MS = 2500;

export type RelayLinkDeps = {
  logger: Logger;
  /** A report about a floor or a leg. */
  onReport: (report: RelayReport) => void;
  /** The relay has come, or has been gone for so long that nobody should wait for it. */
  onPresence: (present: boolean) => void;
};

/**
 * The controller's side of the control connection to the relay. It keeps what is wanted, and states all of it whenever the
 * relay is there again; of what the relay reports it keeps what a restarted relay must be told.
 */
export class RelayLink {
  readonly #path: string;
  readonly #deps: RelayLinkDeps;
  readonly #stopping = new AbortController();
  readonly #floors = new Map<string, FloorWish>();
  readonly #listeners = new Map<string, ListenerWish>();
  /** Null until it is known which nodes there are. */
  #peers: readonly TrunkPeerWish[] | null = null;
  /** The nodes that the relay had been told of when it was connected to. */
  #foundPeers: readonly TrunkPeerWish[] = [];
  /** Legs that the relay had when it was connected to, for members that are adopted. */
  #found = new Map<string, LegState>();
  #socket: Socket | null = null;
  #sip: RtpAddress | null = null;
  #meters: RtpAddress | null = null;
  #pid: number | null = null;
  /** Whether it is known what is wanted: a controller that has just started must not end what it finds. */
  #ready = false;
  #running: Promise<void> = Promise.resolve();
  #absence: NodeJS.Timeout | undefined;

  constructor(options: { socketPath: string }, deps: RelayLinkDeps) {
    this.#path = options.socketPath;
    this.#deps = deps;
  }

  get status(): { connected: boolean; pid: number | null } {
    return { connected: this.#socket !== null, pid: this.#socket && this.#pid };
  }

  /** Where Asterisk is to call listeners' legs; null while there is no relay. */
  get sip(): RtpAddress | null {
    return this.#socket && this.#sip;
  }

  /** Where meters are to connect to; null while there is no relay. */
  get meters(): RtpAddress | null {
    return this.#socket && this.#meters;
  }

  /** Connects, now and for ever. Resolves when connected, or after a while. */
  async start(): Promise<void> {
    let settled = () => {};
    const first = new Promise<void>((resolve) => {
      settled = resolve;
    });
    this.#running = this.#keepConnected(settled);
    await Promise.race([first, sleep(FIRST_WAIT_MS, undefined, { ref: false })]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#absence);
    this.#socket?.destroy();
    await this.#running;
  }

  /** What is wanted is known by now: states it, and ends in the relay what is not wanted. */
  ready(): void {
    this.#ready = true;
    this.#stateEverything();
  }

  /** The leg as the relay has it, if it has. */
  legOf(legId: string): LegState | null {
    return this.#listeners.get(legId)?.leg ?? this.#found.get(legId) ?? null;
  }

  setFloor(floor: Omit<FloorWish, 'port'>): void {
    const known = this.#floors.get(floor.conference);
    const wish = { ...floor, port: known?.port ?? null };
    this.#floors.set(floor.conference, wish);
    this.#state({ type: 'floor', floor: wish });
  }

  endFloor(conference: string): void {
    if (this.#floors.delete(conference)) this.#state({ type: 'end-floor', conference });
  }

  setListener(listener: Omit<ListenerWish, 'leg'>): void {
    const wish = { ...listener, leg: this.legOf(listener.legId) };
    this.#listeners.set(listener.legId, wish);
    this.#state({ type: 'listener', listener: wish });
  }

  endListener(legId: string): void {
    if (this.#listeners.delete(legId)) this.#state({ type: 'end-listener', legId });
  }

  /** The nodes that the relay knew when it was connected to; none if it was started then. */
  get foundPeers(): readonly TrunkPeerWish[] {
    return this.#foundPeers;
  }

  /** The other nodes of the cluster. */
  setPeers(peers: readonly TrunkPeerWish[]): void {
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

  /** What is wanted of floors and listeners waits until all of it is known. */
  #state(request: RelayRequest): void {
    if (this.#ready) this.#send(request);
  }

  #send(request: RelayRequest): void {
    if (this.#socket) sendLine(this.#socket, request);
  }

  #stateEverything(): void {
    const floors = [...this.#floors.values()];
    const listeners = [...this.#listeners.values()];
    this.#send({ type: 'everything', floors, listeners, peers: [...(this.#peers ?? this.#foundPeers)] });
  }

  async #keepConnected(settled: () => void): Promise<void> {
    const { signal } = this.#stopping;
    let told = false;
    while (!signal.aborted) {
      const { connected, silentMs } = await this.#connectOnce(settled);
      if (signal.aborted) return;
      if (connected) {
        told = false;
        this.#deps.logger.warn('the relay is gone; waiting for it');
        clearTimeout(this.#absence);
        this.#absence = setTimeout(() => this.#deps.onPresence(false), RESTART_MS - silentMs);
      } else if (!told) {
        told = true;
        this.#deps.logger.info(`no relay answers at ${this.#path} yet`);
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** @returns once the connection has ended, whether there was one, and how long the relay had said nothing then */
  #connectOnce(settled: () => void): Promise<{ connected: boolean; silentMs: number }> {
    return new Promise((resolve) => {
      const socket = connect(this.#path);
      let greeted = false;
      let heardMs = performance.now();
      const silentMs = () => performance.now() - heardMs;
      const watch = setInterval(() => {
        // A process that is stopped keeps its connections.
        if (silentMs() > SILENCE_MS) socket.destroy();
        else if (greeted) sendLine(socket, { type: 'ping' } satisfies RelayRequest);
      }, PING_MS);
      socket.on('error', () => {});
      socket.on('close', () => {
        clearInterval(watch);
        if (greeted) {
          this.#socket = null;
          this.#found = new Map();
        }
        resolve({ connected: greeted, silentMs: Math.min(silentMs(), RESTART_MS) });
      });
      onLines(socket, (value) => {
        heardMs = performance.now();
        const report = relayReportSchema.safeParse(value);
        // A relay of another version may tell more than is known here.
        if (!report.success) return;
        if (report.data.type !== 'hello') return this.#reported(report.data);
        greeted = true;
        this.#greeted(socket, report.data);
        settled();
      });
    });
  }

  #greeted(socket: Socket, hello: Extract<RelayReport, { type: 'hello' }>): void {
    this.#socket = socket;
    this.#sip = hello.sip;
    this.#meters = hello.meters;
    this.#pid = hello.pid;
    this.#foundPeers = hello.peers;
    this.#found = new Map(hello.legs.map(({ legId, leg }) => [legId, leg]));
    this.#deps.logger.info(`connected to the relay, process ${hello.pid}`);
    if (this.#ready) this.#stateEverything();
    else if (this.#peers) this.#send({ type: 'peers', peers: [...this.#peers] });
    clearTimeout(this.#absence);
    this.#deps.onPresence(true);
  }

  #reported(report: RelayReport): void {
    if (report.type === 'leg') {
      const wish = this.#listeners.get(report.legId);
      if (wish) this.#listeners.set(report.legId, { ...wish, leg: report.leg });
    } else if (report.type === 'floor') {
      const wish = this.#floors.get(report.conference);
      if (wish) this.#floors.set(report.conference, { ...wish, port: report.local.port });
    } else if (report.type === 'meters') this.#meters = report.address;
    this.#deps.onReport(report);
  }
}
