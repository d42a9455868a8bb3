import { MessageChannel, Worker } from 'node:worker_threads';
import { createRtpDrops, readDrops } from '../calls/rtp-drops.ts';
import type { CallSums } from '../protocol.ts';
import type { Estate } from '../upgrade/take-over.ts';
import { createDoorbell, type Doorbell, ring } from './doorbell.ts';
import type {
  CallCommand,
  CallRequest,
  CallWorkerOptions,
  FloorCommand,
  FloorRequest,
  FloorWorkerOptions,
  TrunkOptions,
  WorkerReport,
} from './worker-messages.ts';

type PoolOptions = {
  /** How many have calls. */
  threads: number;
  trunk: TrunkOptions | null;
};

export type WorkerPoolDeps = {
  onReport: (report: WorkerReport) => void;
  /** A thread has died, and with it the sound of many; only a restart of the relay helps. */
  onDied: (error: Error) => void;
};

type CallThread = {
  readonly worker: Worker;
  readonly doorbell: Doorbell;
  calls: number;
  sums: Omit<CallSums, 'dropped'>;
};

/** The media threads: one that has all floors, and some over which calls are spread. */
export class WorkerPool {
  readonly #floors: Worker;
  readonly #threads: readonly CallThread[];
  readonly #threadOf = new Map<string, CallThread>();
  readonly #rtpDrops = createRtpDrops();

  constructor({ threads, trunk }: PoolOptions, deps: WorkerPoolDeps) {
    const start = (file: string, workerData: CallWorkerOptions | FloorWorkerOptions) => {
      const worker = new Worker(new URL(file, import.meta.url), { workerData });
      worker.on('error', deps.onDied);
      return worker;
    };
    this.#floors = start('./floor-worker.js', { trunk });
    this.#floors.on('message', deps.onReport);
    this.#threads = Array.from({ length: threads }, () => {
      const doorbell = createDoorbell();
      const worker = start('./call-worker.js', { rtpDrops: this.#rtpDrops, doorbell });
      const sums = { calls: 0, listeners: 0, packetsLostByPhones: 0, worstJitterAtPhonesMs: 0 };
      const thread: CallThread = { worker, doorbell, calls: 0, sums };
      worker.on('message', (report: WorkerReport) => {
        if (report.type === 'sums') thread.sums = report.sums;
        else deps.onReport(report);
      });
      const { port1, port2 } = new MessageChannel();
      this.#floors.postMessage({ type: 'frames', port: port1, doorbell } satisfies FloorCommand, [port1]);
      worker.postMessage({ type: 'frames', port: port2 } satisfies CallCommand, [port2]);
      ring(doorbell);
      return thread;
    });
  }

  /** Resolves when all threads have loaded what they need. */
  async ready(): Promise<void> {
    await Promise.all([
      reported(this.#floors, 'ready'),
      ...this.#threads.map(({ worker }) => reported(worker, 'sockets')),
    ]);
  }

  /**
   * To be called first: goes on with what another process has handed over, if anything. Listeners come before floors, so that
   * they miss nothing.
   */
  async begin({ floors, calls }: Pick<Estate, 'floors' | 'calls'>): Promise<void> {
    await Promise.all(
      this.#threads.map((thread, index) => {
        const parts = calls[index] ?? [];
        for (const { specs } of parts) {
          for (const { channelId } of specs) this.#threadOf.set(channelId, thread);
          thread.calls += specs.length;
        }
        return this.#ask(thread, { type: 'begin', taken: parts.map(({ part }) => part) }, 'begun');
      }),
    );
    const begun = reported(this.#floors, 'begun');
    this.#floors.postMessage({ type: 'begin', taken: floors } satisfies FloorCommand);
    await begun;
  }

  /** Each thread hands over all that it has, and ends. Floors come first, so that listeners get all that has come from them. */
  async handOver(path: string): Promise<void> {
    const floorsDone = reported(this.#floors, 'handed-over');
    this.#floors.postMessage({ type: 'hand-over', path, thread: 0 } satisfies FloorCommand);
    await floorsDone;
    await Promise.all(
      this.#threads.map((thread, index) =>
        this.#ask(thread, { type: 'hand-over', path, thread: index }, 'handed-over'),
      ),
    );
  }

  #ask({ worker, doorbell }: CallThread, command: CallCommand, answer: WorkerReport['type']): Promise<void> {
    const answered = reported(worker, answer);
    worker.postMessage(command);
    ring(doorbell);
    return answered;
  }

  /** Of all threads together, some seconds old at most. */
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

  tellFloors(request: FloorRequest): void {
    this.#floors.postMessage(request);
  }

  /** A call stays in the thread in which it began: the one with the fewest. */
  tellCall(channelId: string, command: CallRequest): void {
    const known = this.#threadOf.get(channelId);
    if (!known && command.type !== 'call') return;
    const thread = known ?? this.#threads.reduce((least, each) => (each.calls < least.calls ? each : least));
    if (!known) {
      this.#threadOf.set(channelId, thread);
      thread.calls += 1;
    }
    thread.worker.postMessage(command);
    ring(thread.doorbell);
    if (command.type !== 'end-call') return;
    this.#threadOf.delete(channelId);
    thread.calls -= 1;
  }

  async stop(): Promise<void> {
    const workers = [this.#floors, ...this.#threads.map(({ worker }) => worker)];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function reported(worker: Worker, type: WorkerReport['type']): Promise<void> {
  return new Promise((resolve) => {
    const onReport = (report: WorkerReport) => {
      if (report.type !== type) return;
      worker.off('message', onReport);
      resolve();
    };
    worker.on('message', onReport);
  });
}
