import { MessageChannel, Worker } from 'node:worker_threads';
import type {
  FloorCommand,
  MediaOptions,
  TrunkOptions,
  WorkerCommand,
  WorkerOptions,
  WorkerReport,
} from './worker-messages.ts';

export type WorkerPoolDeps = {
  onReport: (report: WorkerReport) => void;
  /** A thread has died, and with it the sound of many; only a restart of the relay helps. */
  onDied: (error: Error) => void;
};

/** The media threads. The first one has all floors; listeners are spread over all. */
export class WorkerPool {
  readonly #workers: readonly Worker[];
  /** How many listeners each thread has. */
  readonly #load: number[];
  readonly #threadOf = new Map<string, number>();

  constructor(options: MediaOptions & { threads: number; trunk: TrunkOptions | null }, deps: WorkerPoolDeps) {
    const { threads, trunk, address, bindAddress, ports } = options;
    this.#load = Array.from({ length: threads }, () => 0);
    this.#workers = this.#load.map((_, index) => {
      const worker = new Worker(new URL('./media-worker.js', import.meta.url), {
        workerData: {
          address,
          bindAddress,
          ports: portsOf(ports, index, threads),
          hasFloors: index === 0,
          trunk: index === 0 ? trunk : null,
        } satisfies WorkerOptions,
      });
      worker.on('message', deps.onReport);
      worker.on('error', deps.onDied);
      return worker;
    });
    for (let index = 1; index < threads; index++) {
      const { port1, port2 } = new MessageChannel();
      this.#workers[0]?.postMessage({ type: 'neighbour', port: port1 } satisfies WorkerCommand, [port1]);
      this.#workers[index]?.postMessage({ type: 'source', port: port2 } satisfies WorkerCommand, [port2]);
    }
  }

  tellFloors(command: FloorCommand): void {
    this.#workers[0]?.postMessage(command);
  }

  /** A listener stays in the thread in which he began: the one with the fewest. */
  tellListener(legId: string, command: Extract<WorkerCommand, { type: 'listener' | 'leg' | 'end-listener' }>): void {
    const known = this.#threadOf.get(legId);
    const index = known ?? this.#load.indexOf(Math.min(...this.#load));
    if (known === undefined) {
      this.#threadOf.set(legId, index);
      this.#load[index] = (this.#load[index] ?? 0) + 1;
    }
    this.#workers[index]?.postMessage(command);
    if (command.type !== 'end-listener') return;
    this.#threadOf.delete(legId);
    this.#load[index] = (this.#load[index] ?? 1) - 1;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** Threads take ports of their own, so that they do not try the same ones. */
function portsOf({ first, last }: MediaOptions['ports'], index: number, threads: number): MediaOptions['ports'] {
  const share = Math.floor((last - first + 1) / threads);
  return { first: first + index * share, last: index === threads - 1 ? last : first + (index + 1) * share - 1 };
}
