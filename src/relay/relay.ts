import type { Logger } from 'winston';
import type { LegAnswer, LegOffer, LegRefusal } from '../sip/leg.ts';
import { LegServer } from '../sip/leg-server.ts';
import type { RemoteAudio } from '../sip/sdp.ts';
import { ControlServer } from './control-server.ts';
import { RelayError } from './errors.ts';
import { MeterThread } from './meter-thread.ts';
import {
  type FloorWish,
  isDirect,
  type LegState,
  type ListenerWish,
  type RelayReport,
  type RelayRequest,
  type RtpAddress,
  type TrunkPeerWish,
} from './protocol.ts';
import type { MediaOptions, TrunkOptions, WorkerReport } from './worker-messages.ts';
import { WorkerPool } from './worker-pool.ts';

/** SIP is spoken with Asterisk on this host only. */
const SIP_HOST = '127.0.0.1';
/** For a worker to open a port; it takes a millisecond. */
const OPEN_TIMEOUT_MS = 2000;
/** How long a call waits for word of the controller about it, and how many may. */
const AWAITED_MS = 500;
const MOST_AWAITED = 100;
/** For Asterisk to hang up the leg of a listener who was ended; it is told to at the same time. */
const HANG_UP_MS = 2000;
const STATS_EVERY_MS = 2000;

export type RelayOptions = MediaOptions & {
  socketPath: string;
  sipPort: number;
  threads: number;
  trunk: TrunkOptions | null;
};
export type RelayDeps = { logger: Logger; onDied: (error: Error) => void };

/**
 * The relay of a node: brings about what the controller wants, in media threads that go on whatever becomes of the
 * controller. It speaks SIP with Asterisk, which calls it for each listener.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #logger: Logger;
  readonly #onDied: (error: Error) => void;
  readonly #control: ControlServer;
  readonly #sip: LegServer;
  readonly #workers: WorkerPool;
  readonly #meters: MeterThread;
  #statsTimer: NodeJS.Timeout | undefined;
  /** Where the floors are sent to by Asterisk; null while their ports are being opened. Bounded by the conferences. */
  readonly #floors = new Map<string, RtpAddress | null>();
  #peers: readonly TrunkPeerWish[] = [];
  /** The listeners that the controller wants; null before the leg is agreed upon. Bounded by the members of the node. */
  readonly #legs = new Map<string, LegState | null>();
  /** Calls for listeners of whom the controller has not told yet. */
  readonly #awaited = new Map<string, () => void>();
  /** Who waits for a port to be opened, by leg. */
  readonly #opening = new Map<string, (port: number | null) => void>();

  constructor(options: RelayOptions, deps: RelayDeps) {
    this.#options = options;
    this.#logger = deps.logger;
    this.#onDied = deps.onDied;
    this.#workers = new WorkerPool(options, { onReport: (report) => this.#reported(report), onDied: deps.onDied });
    this.#meters = new MeterThread({ logger: deps.logger, onReport: (report) => this.#control.report(report) });
    this.#sip = new LegServer(
      { bindAddress: SIP_HOST, port: options.sipPort },
      {
        onOffer: (offer) => this.#offered(offer),
        onAnswer: (legId, remote) => void this.#agree(legId, remote),
        onKey: (legId, key) => this.#control.report({ type: 'key', legId, key }),
        onEnd: (legId) => this.#control.report({ type: 'leg-ended', legId }),
      },
    );
    this.#control = new ControlServer(
      { socketPath: options.socketPath },
      { greeting: () => this.#greeting(), onRequest: (request) => this.#take(request) },
    );
  }

  /** @throws RelayError if its sockets cannot be had */
  async start(): Promise<void> {
    this.#meters.start();
    await this.#sip.start().catch((cause: Error) => {
      throw new RelayError('no-port', `relay.sipPort cannot be opened: ${cause.message}`, { cause });
    });
    await this.#control.start();
    this.#statsTimer = setInterval(() => this.#reportLegs(), STATS_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#statsTimer);
    await this.#control.stop();
    await this.#sip.stop();
    await this.#workers.stop();
    await this.#meters.stop();
  }

  #greeting(): RelayReport {
    const legs = [...this.#legs].flatMap(([legId, leg]) => (leg ? [{ legId, leg }] : []));
    const peers = [...this.#peers];
    return { type: 'hello', pid: process.pid, sip: this.#sip.address, peers, legs, meters: this.#meters.address };
  }

  #reportLegs(): void {
    const { legCount: calls, counters: sip } = this.#sip;
    this.#control.report({ type: 'legs', stats: { calls, sip, rtp: { dropped: this.#workers.rtpDropped } } });
  }

  #take(request: RelayRequest): void {
    switch (request.type) {
      case 'everything':
        return this.#takeEverything(request);
      case 'floor':
        return this.#setFloor(request.floor);
      case 'end-floor':
        return this.#endFloor(request.conference);
      case 'listener':
        return this.#setListener(request.listener);
      case 'end-listener':
        return this.#endListener(request.legId);
      case 'ping':
        return this.#control.report({ type: 'pong' });
      case 'peers':
        return this.#setPeers(request.peers);
      default:
        return this.#workers.tellFloors(request);
    }
  }

  #setPeers(peers: readonly TrunkPeerWish[]): void {
    this.#peers = peers;
    this.#workers.tellFloors({ type: 'peers', peers: [...peers] });
  }

  #takeEverything({ floors, listeners, peers }: Extract<RelayRequest, { type: 'everything' }>): void {
    this.#setPeers(peers);
    const conferences = new Set(floors.map(({ conference }) => conference));
    const legIds = new Set(listeners.map(({ legId }) => legId));
    for (const conference of [...this.#floors.keys()]) if (!conferences.has(conference)) this.#endFloor(conference);
    for (const legId of [...this.#legs.keys()]) if (!legIds.has(legId)) this.#endListener(legId);
    for (const floor of floors) this.#setFloor(floor);
    for (const listener of listeners) this.#setListener(listener);
    this.#meters.restate();
  }

  #setFloor(floor: FloorWish): void {
    const { conference } = floor;
    const local = this.#floors.get(conference) ?? null;
    this.#floors.set(conference, local);
    this.#workers.tellFloors({ type: 'floor', floor });
    // A controller that was restarted does not know it.
    if (local && floor.port === null) this.#control.report({ type: 'floor', conference, local });
  }

  #endFloor(conference: string): void {
    if (this.#floors.delete(conference)) this.#workers.tellFloors({ type: 'end-floor', conference });
  }

  #setListener(wish: ListenerWish): void {
    const { legId, leg } = wish;
    const isKnown = this.#legs.has(legId);
    this.#legs.set(legId, this.#legs.get(legId) ?? leg);
    this.#awaited.get(legId)?.();
    const { leg: _, ...listener } = wish;
    this.#workers.tellListener(legId, { type: 'listener', listener });
    // It was up before this relay was started.
    if (!isKnown && leg) this.#workers.tellListener(legId, { type: 'leg', legId, leg, port: leg.port });
  }

  #endListener(legId: string): void {
    if (!this.#legs.delete(legId)) return;
    this.#workers.tellListener(legId, { type: 'end-listener', legId });
    this.#opening.get(legId)?.(null);
    setTimeout(() => this.#endCall(legId), HANG_UP_MS).unref();
  }

  /** An Asterisk that crashed hangs nobody up, and one whose controller died at the wrong moment may not. */
  #endCall(legId: string): void {
    if (!this.#legs.has(legId)) this.#sip.end(legId);
  }

  /** Asterisk calls for a listener, or moves his leg. */
  async #offered({ legId, remote }: LegOffer): Promise<LegAnswer | LegRefusal> {
    if (!(await this.#isKnown(legId))) return 'unknown-leg';
    // Asterisk always makes the offer.
    const leg = remote && (await this.#agree(legId, remote));
    if (!leg) return 'not-acceptable';
    const { port, codec, payloadType, eventPayloadType } = leg;
    return {
      host: this.#options.address,
      port,
      codec: { name: codec, payloadType, clockRateHz: 8000 },
      eventPayloadType,
      ptimeMs: 20,
    };
  }

  /** What the controller says and what Asterisk does because of it come on two ways. */
  async #isKnown(legId: string): Promise<boolean> {
    if (!this.#legs.has(legId) && this.#awaited.size < MOST_AWAITED) {
      await new Promise<void>((resolve) => {
        this.#awaited.set(legId, resolve);
        setTimeout(resolve, AWAITED_MS);
      });
      this.#awaited.delete(legId);
    }
    return this.#legs.has(legId);
  }

  /** @returns the leg as it is then; null if there is none, or nothing that both sides can speak */
  async #agree(legId: string, remote: RemoteAudio): Promise<LegState | null> {
    const known = this.#legs.get(legId);
    const codec = remote.codecs.find(({ name }) => name === 'PCMU' || name === 'PCMA');
    if (known === undefined || !codec) return null;
    const address = { host: remote.host, port: remote.port };
    const agreed = {
      remote: address,
      asterisk: known?.asterisk ?? address,
      codec: codec.name as LegState['codec'],
      payloadType: codec.payloadType,
      eventPayloadType: remote.eventPayloadType,
    };
    const port = await this.#open(legId, agreed, known?.port ?? null);
    if (port === null || !this.#legs.has(legId)) return null;
    const state = { ...agreed, port };
    this.#legs.set(legId, state);
    this.#control.report({ type: 'leg', legId, leg: state });
    return state;
  }

  /** Has a worker open the port of a leg, or aim the one that is open. */
  #open(legId: string, leg: Omit<LegState, 'port'>, port: number | null): Promise<number | null> {
    return new Promise((resolve) => {
      const settle = (opened: number | null) => {
        clearTimeout(timer);
        if (this.#opening.get(legId) === settle) this.#opening.delete(legId);
        resolve(opened);
      };
      const timer = setTimeout(settle, OPEN_TIMEOUT_MS, null);
      this.#opening.get(legId)?.(null);
      this.#opening.set(legId, settle);
      this.#workers.tellListener(legId, { type: 'leg', legId, leg, port });
    });
  }

  #legFailed(legId: string, message: string): void {
    this.#logger.warn(`no port for a listener: ${message}`);
    const opening = this.#opening.get(legId);
    if (opening) return opening(null);
    // It was up before this relay was started, and somebody else has its port now.
    if (this.#legs.has(legId)) this.#control.report({ type: 'leg-ended', legId });
  }

  #reported(report: WorkerReport): void {
    switch (report.type) {
      case 'leg':
        return this.#opening.get(report.legId)?.(report.port);
      case 'leg-failed':
        return this.#legFailed(report.legId, report.message);
      case 'trunk-failed':
        return this.#onDied(new RelayError('no-port', `the trunk cannot be opened: ${report.message}`));
      case 'trunk-problem':
        this.#logger.warn(`trunk: ${report.message}`);
        return;
      case 'floor':
        if (this.#floors.has(report.conference)) this.#floors.set(report.conference, report.local);
        return this.#control.report(report);
      case 'key': {
        // Asterisk passes keys on, and tells of them itself.
        const state = this.#legs.get(report.legId);
        if (state && isDirect(state)) this.#control.report(report);
        return;
      }
      case 'floor-failed':
        this.#floors.delete(report.conference);
        return this.#control.report(report);
      default:
        return this.#control.report(report);
    }
  }
}
