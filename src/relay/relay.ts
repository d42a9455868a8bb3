import type { Logger } from 'winston';
import { sendDescriptors } from '../udp/descriptors.ts';
import { loadLibc } from '../udp/libc.ts';
import { type CallLimit, readCallLimit } from './calls/call-limit.ts';
import { ControlServer } from './control-server.ts';
import { MeterThread } from './meters/meter-thread.ts';
import { RelayError } from './protocol/errors.ts';
import type { TrunkOptions } from './protocol/media-messages.ts';
import {
  type CallSpec,
  type FloorSpec,
  type RelayReport,
  type RelayRequest,
  type RtpAddress,
  relayRequestSchema,
  type TrunkPeerSpec,
} from './protocol/protocol.ts';
import type { WorkerReport } from './threads/worker-messages.ts';
import { WorkerPool } from './threads/worker-pool.ts';
import { encodeSuccession, SUCCESSION_VERSION, type SuccessionMessage } from './upgrade/succession.ts';
import { NO_ESTATE, type Predecessor, takeOver } from './upgrade/take-over.ts';

const SUMS_EVERY_MS = 2000;
const LINGER_MS = 200;

export type RelayOptions = {
  socketPath: string;
  threads: number;
  trunk: TrunkOptions | null;
  /** The running relay, whose calls and floors this one continues. */
  predecessor: Predecessor | null;
};
export type RelayDeps = {
  logger: Logger;
  /** Keeps a request for a relay that replaces this one after it was killed; null forgets it. */
  keep: (key: string, request: RelayRequest | null) => void;
  onDied: (error: Error) => void;
  /** Another process replaces this one. */
  onReplaced: () => void;
};

/**
 * The relay of a node: applies the wanted state of the controller, in media threads that continue without the
 * controller.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #deps: RelayDeps;
  #isHandingOver = false;
  readonly #ready: Promise<void>;
  #isReady = false;
  readonly #control: ControlServer;
  readonly #workers: WorkerPool;
  readonly #meters: MeterThread;
  #sumsTimer: NodeJS.Timeout | undefined;
  #sockets: 'libc' | 'dgram' = 'libc';
  /** Each with the address that Asterisk sends to; null while the port is being opened. Bounded by the conferences. */
  readonly #floors = new Map<string, { spec: FloorSpec; local: RtpAddress | null }>();
  /** Bounded by the error numbers of the kernel. */
  readonly #logged = new Set<string>();
  /** Neither a controller nor another relay has told everything yet. */
  #isNew = true;
  #peers: readonly TrunkPeerSpec[] = [];
  /** The calls that the controller wants. Bounded by `#limit`. */
  readonly #calls = new Map<string, CallSpec>();
  #limit: CallLimit = { calls: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY };

  constructor(options: RelayOptions, deps: RelayDeps) {
    this.#options = options;
    this.#deps = deps;
    const { socketPath, threads, trunk, predecessor } = options;
    const { logger, onDied } = deps;
    this.#workers = new WorkerPool(
      { threads, trunk, takesOver: predecessor !== null },
      { onReport: (report) => this.#reported(report), onDied },
    );
    this.#ready = this.#workers.ready().then(() => {
      this.#isReady = true;
    });
    this.#meters = new MeterThread({ logger, onReport: (report) => this.#control.report(report) });
    this.#control = new ControlServer(
      { socketPath },
      { greeting: () => this.#greeting(), onRequest: (request) => this.#handle(request) },
    );
  }

  /** @throws RelayError if its sockets cannot be opened, or if its predecessor does not hand over and keeps running */
  async start(): Promise<void> {
    this.#limit = await readCallLimit();
    const { predecessor, socketPath } = this.#options;
    if (predecessor) await this.#ready;
    const estate = predecessor ? await takeOver(predecessor, socketPath) : NO_ESTATE;
    const { floorStates, floors, calls, peers } = estate;
    this.#isNew = estate === NO_ESTATE;
    for (const { spec, local } of floorStates) this.#floors.set(spec.conference, { spec, local });
    for (const { specs } of calls.flat()) for (const spec of specs) this.#calls.set(spec.channelId, spec);
    await this.#workers.begin({ floors, calls });
    if (peers.length > 0) this.#setPeers(peers);
    await this.#control.start();
    // Last, as the media threads need the machine first.
    this.#meters.start();
    const reportSums = () => this.#control.report({ type: 'calls', sums: this.#workers.sums });
    this.#sumsTimer = setInterval(reportSums, SUMS_EVERY_MS);
  }

  /**
   * Continues as a relay that was killed: its calls and floors, on the same ports. The controller need not be there.
   * @param requests what that relay has had kept; those that are unknown to this version are ignored
   */
  goOn(requests: readonly unknown[]): void {
    if (!this.#isNew) return;
    for (const each of requests) {
      const request = relayRequestSchema.safeParse(each);
      if (request.success) this.#handle(request.data);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#sumsTimer);
    await this.#control.stop();
    await this.#workers.stop();
    await this.#meters.stop();
  }

  #greeting(): RelayReport {
    const calls = [...this.#calls.values()];
    const peers = [...this.#peers];
    const sockets = this.#sockets;
    const { threads } = this.#options;
    const handsOver = this.#isReady && sockets === 'libc' ? { version: SUCCESSION_VERSION, threads } : null;
    return { type: 'hello', pid: process.pid, sockets, handsOver, peers, calls, meters: this.#meters.address };
  }

  #handle(request: RelayRequest): void {
    switch (request.type) {
      case 'everything':
        return this.#applyEverything(request);
      case 'floor':
        return this.#setFloor(request.floor);
      case 'end-floor':
        return this.#endFloor(request.conference);
      case 'call':
        return this.#setCall(request.call);
      case 'end-call':
        return this.#endCall(request.channelId);
      case 'expect-meter':
        return this.#meters.expect(request.meter);
      case 'ask-statistics':
        return this.#askStatistics(request.channelId);
      case 'ping':
        return this.#control.report({ type: 'pong' });
      case 'peers':
        return this.#setPeers(request.peers);
      case 'end':
        return this.#deps.onReplaced();
      case 'hand-over':
        return void this.#handOver(request.path).catch(this.#deps.onDied);
      default:
        return this.#workers.changeFloors(request);
    }
  }

  async #handOver(path: string): Promise<void> {
    const libc = await loadLibc();
    if (libc.type !== 'loaded' || this.#isHandingOver) return;
    const send = (message: SuccessionMessage) => sendDescriptors(libc.libc, path, encodeSuccession(message), []);
    try {
      send({ type: 'begin' });
    } catch (error) {
      this.#deps.logger.warn(`no relay takes over at ${path}, so this one keeps running: ${(error as Error).message}`);
      return;
    }
    this.#isHandingOver = true;

    await this.#control.stop();
    await this.#workers.handOver(path);
    send({ type: 'end', peers: this.#peers });
    // Ending a process takes CPU time, which the other one needs first.
    setTimeout(this.#deps.onReplaced, LINGER_MS);
  }

  #setPeers(peers: readonly TrunkPeerSpec[]): void {
    this.#peers = peers;
    this.#deps.keep('peers', { type: 'peers', peers: [...peers] });
    this.#workers.changeFloors({ type: 'peers', peers: [...peers] });
  }

  #applyEverything({ floors, calls, peers }: Extract<RelayRequest, { type: 'everything' }>): void {
    this.#isNew = false;
    this.#setPeers(peers);
    const conferences = new Set(floors.map(({ conference }) => conference));
    const channelIds = new Set(calls.map(({ channelId }) => channelId));
    for (const conference of [...this.#floors.keys()]) if (!conferences.has(conference)) this.#endFloor(conference);
    for (const channelId of [...this.#calls.keys()]) if (!channelIds.has(channelId)) this.#endCall(channelId);
    for (const floor of floors) this.#setFloor(floor);
    for (const call of calls) this.#setCall(call);
    this.#meters.restate();
  }

  #setFloor(floor: FloorSpec): void {
    const { conference } = floor;
    const known = this.#floors.get(conference);
    this.#keepFloor({ ...floor, asterisk: floor.asterisk ?? known?.spec.asterisk ?? null }, known?.local ?? null);
    this.#workers.changeFloors({ type: 'floor', floor });
    // A restarted controller does not know the address.
    if (known?.local && floor.port === null) this.#control.report({ type: 'floor', conference, local: known.local });
  }

  #keepFloor(spec: FloorSpec, local: RtpAddress | null): void {
    this.#floors.set(spec.conference, { spec, local });
    const floor = { ...spec, port: local?.port ?? spec.port };
    this.#deps.keep(`floor ${spec.conference}`, { type: 'floor', floor });
  }

  #endFloor(conference: string): void {
    if (this.#forgetFloor(conference)) this.#workers.changeFloors({ type: 'end-floor', conference });
  }

  #forgetFloor(conference: string): boolean {
    this.#deps.keep(`floor ${conference}`, null);
    return this.#floors.delete(conference);
  }

  #setCall(call: CallSpec): void {
    const { channelId } = call;
    const { calls, files } = this.#limit;
    if (!this.#calls.has(channelId) && this.#calls.size >= calls) {
      const message = `the relay may open ${files} files, enough for ${calls} calls; raise its limit of open files`;
      return this.#control.report({ type: 'call-failed', channelId, message });
    }
    const { sequenceOffset } = this.#calls.get(channelId) ?? call;
    this.#keepCall(sequenceOffset === undefined ? call : { ...call, sequenceOffset });
    this.#workers.changeCall(channelId, { type: 'call', call });
  }

  #keepCall(call: CallSpec): void {
    this.#calls.set(call.channelId, call);
    this.#deps.keep(`call ${call.channelId}`, { type: 'call', call });
  }

  #endCall(channelId: string): void {
    if (!this.#calls.delete(channelId)) return;
    this.#deps.keep(`call ${channelId}`, null);
    this.#workers.changeCall(channelId, { type: 'end-call', channelId });
  }

  /** All threads notice the same, again and again. */
  #logOnce(text: string): void {
    if (this.#logged.has(text)) return;
    this.#logged.add(text);
    this.#deps.logger.info(text);
  }

  #askStatistics(channelId: string): void {
    if (this.#calls.has(channelId)) return this.#workers.changeCall(channelId, { type: 'ask-statistics', channelId });
    this.#control.report({ type: 'call-statistics', channelId, statistics: null });
  }

  #reported(report: WorkerReport): void {
    const { logger, onDied } = this.#deps;
    switch (report.type) {
      case 'ready':
        this.#sockets = report.sockets;
        if (report.reason) logger.warn(`media through Node.js's sockets, at three times the CPU: ${report.reason}`);
        return;
      case 'queue-refused':
        return this.#logOnce(`packets to listeners go out one by one, at up to 1.6 times the CPU: ${report.reason}`);
      case 'call-source': {
        const call = this.#calls.get(report.channelId);
        if (call) this.#keepCall({ ...call, source: report.source });
        return this.#control.report(report);
      }
      case 'call-renumbered': {
        const call = this.#calls.get(report.channelId);
        if (call) this.#keepCall({ ...call, sequenceOffset: report.sequenceOffset });
        return;
      }
      case 'call-failed':
        this.#endCall(report.channelId);
        return this.#control.report(report);
      case 'trunk-failed':
        return onDied(new RelayError('no-port', `the trunk cannot be opened: ${report.message}`));
      case 'trunk-problem':
        logger.warn(`trunk: ${report.message}`);
        return;
      case 'floor': {
        const floor = this.#floors.get(report.conference);
        if (floor) this.#keepFloor(floor.spec, report.local);
        return this.#control.report(report);
      }
      case 'floor-failed':
        this.#forgetFloor(report.conference);
        return this.#control.report(report);
      case 'sums':
      case 'begun':
      case 'handed-over':
        // The pool handles these.
        return;
      default:
        return this.#control.report(report);
    }
  }
}
