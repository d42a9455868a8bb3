import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { createRtpDrops, readDrops } from '../calls/rtp-drops.ts';
import type { CallRequest, FloorRequest, TrunkOptions } from '../protocol/media-messages.ts';
import type { CallSums } from '../protocol/protocol.ts';
import type { Estate } from '../upgrade/take-over.ts';
import { createDoorbell, type Doorbell, ring } from './doorbell.ts';
import type { MediaCommand, MediaWorkerOptions, WorkerReport } from './worker-messages.ts';

/** The load of a floor, in calls. */
const CALLS_OF_FLOOR = 8;

type PoolOptions = {
  threads: number;
  trunk: TrunkOptions | null;
  /** Whether another process hands its calls over. */
  takesOver: boolean;
};

export type WorkerPoolDeps = {
  onReport: (report: WorkerReport) => void;
  /** A thread has failed, and with it the audio of its calls. Only a restart of the relay helps. */
  onDied: (error: Error) => void;
};

type Thread = { readonly worker: Worker; readonly doorbell: Doorbell; calls: number; sums: Omit<CallSums, 'dropped'> };

/** The media threads: calls are spread over them, and the first one has all floors too. */
export class WorkerPool {
  readonly #threads: readonly Thread[];
  readonly #threadOf = new Map<string, Thread>();
  readonly #floors = new Set<string>();
  readonly #rtpDrops = createRtpDrops();

  constructor({ threads, trunk, takesOver }: PoolOptions, deps: WorkerPoolDeps) {
    this.#threads = Array.from({ length: threads }, (_, index) => {
      const doorbell = createDoorbell();
      const hasFloors = index === 0;
      const workerData: MediaWorkerOptions = { rtpDrops: this.#rtpDrops, doorbell, trunk, hasFloors, takesOver };
      const worker = new Worker(new URL('./media-worker.js', import.meta.url), { workerData });
      const sums = { calls: 0, listeners: 0, packetsLostByPhones: 0, worstJitterAtPhonesMs: 0 };
      const thread: Thread = { worker, doorbell, calls: 0, sums };
      worker.on('error', deps.onDied);
      worker.on('message', (report: WorkerReport) => {
        if (report.type === 'sums') thread.sums = report.sums;
        else deps.onReport(report);
        if (report.type === 'floor-failed') this.#floors.delete(report.conference);
      });
      return thread;
    });
    for (const thread of this.#threads.slice(1)) this.#connect(thread);
  }

  get #first(): Thread {
    return this.#threads[0] as Thread;
  }

  /** Connects a thread to the first one, which sends it frames. */
  #connect(thread: Thread): void {
    const { port1, port2 } = new MessageChannel();
    post(this.#first, { type: 'frames-to', port: port1, doorbell: thread.doorbell }, [port1]);
    post(thread, { type: 'frames-from', port: port2, doorbell: this.#first.doorbell }, [port2]);
  }

  /** Resolves when all threads are loaded. */
  async ready(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => reported(thread, 'ready')));
  }

  /**
   * Must be called first. Continues the state that another process has handed over, if any. Listeners come before
   * floors, so that they miss nothing.
   */
  async begin({ floors, calls }: Pick<Estate, 'floors' | 'calls'>): Promise<void> {
    await Promise.all(
      this.#threads.map((thread, index) => {
        const parts = calls[index] ?? [];
        for (const { specs } of parts) {
          for (const { channelId } of specs) this.#threadOf.set(channelId, thread);
          thread.calls += specs.length;
        }
        return ask(thread, { type: 'begin-calls', taken: parts.map(({ part }) => part) }, 'begun');
      }),
    );
    await ask(this.#first, { type: 'begin-floors', taken: floors }, 'begun');
  }

  /** Each thread hands over its state and stops. Floors come first, so that listeners get all their frames. */
  async handOver(path: string): Promise<void> {
    await ask(this.#first, { type: 'hand-over-floors', path, thread: 0 }, 'handed-over');
    await Promise.all(
      this.#threads.map((thread, index) =>
        ask(thread, { type: 'hand-over-calls', path, thread: index }, 'handed-over'),
      ),
    );
  }

  /** The sums of all threads, at most a few seconds old. */
  get sums(): CallSums {
    const sums = this.#threads.map((thread) => thread.sums);
    const total = (key: 'calls' | 'listeners' | 'packetsLostByPhones') =>
      sums.reduce((sum, each) => sum + each[key], 0);
    return {
      calls: total('calls'),
      listeners: total('listeners'),
      dropped: readDrops(this.#rtpDrops),
      packetsLostByPhones: total('packetsLostByPhones'),
      worstJitterAtPhonesMs: Math.max(...sums.map(({ worstJitterAtPhonesMs }) => worstJitterAtPhonesMs)),
    };
  }

  changeFloors(request: FloorRequest): void {
    if (request.type === 'floor') this.#floors.add(request.floor.conference);
    else if (request.type === 'end-floor') this.#floors.delete(request.conference);
    post(this.#first, { type: 'floors', request });
  }

  /** A call begins in the thread with the least load, and stays there. */
  changeCall(channelId: string, request: CallRequest): void {
    const known = this.#threadOf.get(channelId);
    if (!known && request.type !== 'call') return;
    const thread =
      known ?? this.#threads.reduce((least, each) => (this.#load(each) < this.#load(least) ? each : least));
    if (!known) {
      this.#threadOf.set(channelId, thread);
      thread.calls += 1;
    }
    post(thread, { type: 'calls', request });
    if (request.type !== 'end-call') return;
    this.#threadOf.delete(channelId);
    thread.calls -= 1;
  }

  #load(thread: Thread): number {
    return thread.calls + (thread === this.#first ? this.#floors.size * CALLS_OF_FLOOR : 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}

function post({ worker, doorbell }: Thread, command: MediaCommand, transfer: readonly MessagePort[] = []): void {
  worker.postMessage(command, transfer);
  ring(doorbell);
}

function ask(thread: Thread, command: MediaCommand, answer: WorkerReport['type']): Promise<void> {
  const answered = reported(thread, answer);
  post(thread, command);
  return answered;
}

function reported({ worker }: Thread, type: WorkerReport['type']): Promise<void> {
  return new Promise((resolve) => {
    const onReport = (report: WorkerReport) => {
      if (report.type !== type) return;
      worker.off('message', onReport);
      resolve();
    };
    worker.on('message', onReport);
  });
}
