import { MessageChannel, Worker } from 'node:worker_threads';
import { type Bell, createBell, ringForCommand } from './bell.ts';
import type { MediaOptions, WorkerCommand, WorkerOptions, WorkerReport } from './worker-messages.ts';

type PoolOptions = MediaOptions & {
  /** How many have listeners. */
  threads: number;
};

export type WorkerPoolDeps = {
  onReport: (report: WorkerReport) => void;
  /** A thread has died, and with it the sound of many; only a restart of the relay helps. */
  onDied: (error: Error) => void;
};

/**
 * The media threads: one for all floors, which has little to do but must be awake whenever a packet comes, and those that
 * the listeners are spread over.
 */
export class WorkerPool {
  readonly #floors: Worker;
  readonly #listeners: readonly { worker: Worker; bell: Bell }[];
  /** How many listeners each of those threads has. */
  readonly #load: number[];
  readonly #threadOf = new Map<string, number>();

  constructor(options: PoolOptions, deps: WorkerPoolDeps) {
    const { threads, ports } = options;
    const start = (share: Pick<WorkerOptions, 'ports' | 'nextPort'>) => {
      const { address, bindAddress } = options;
      const workerData: WorkerOptions = { address, bindAddress, ...share };
      const worker = new Worker(new URL('./media-worker.js', import.meta.url), { workerData });
      worker.on('message', deps.onReport);
      worker.on('error', deps.onDied);
      return worker;
    };
    // A conference has one port, so that no range is kept free for them. Listeners come to the last tenth last.
    this.#floors = start({ ports, nextPort: ports.last - Math.floor((ports.last - ports.first) / 10) });
    this.#load = Array.from({ length: threads }, () => 0);
    this.#listeners = this.#load.map((_, index) => {
      const share = portsOf(ports, index, threads);
      const worker = start({ ports: share, nextPort: share.first });
      const bell = createBell();
      const { port1, port2 } = new MessageChannel();
      this.#floors.postMessage({ type: 'neighbour', port: port1, bell } satisfies WorkerCommand, [port1]);
      worker.postMessage({ type: 'source', port: port2, bell } satisfies WorkerCommand, [port2]);
      return { worker, bell };
    });
  }

  tellFloors(command: Extract<WorkerCommand, { type: 'floor' | 'end-floor' }>): void {
    this.#floors.postMessage(command);
  }

  /** A listener stays in the thread in which he began: the one with the fewest. */
  tellListener(legId: string, command: Extract<WorkerCommand, { type: 'listener' | 'leg' | 'end-listener' }>): void {
    const known = this.#threadOf.get(legId);
    const index = known ?? this.#load.indexOf(Math.min(...this.#load));
    if (known === undefined) {
      this.#threadOf.set(legId, index);
      this.#load[index] = (this.#load[index] ?? 0) + 1;
    }
    const thread = this.#listeners[index];
    thread?.worker.postMessage(command);
    if (thread) ringForCommand(thread.bell);
    if (command.type !== 'end-listener') return;
    this.#threadOf.delete(legId);
    this.#load[index] = (this.#load[index] ?? 1) - 1;
  }

  async stop(): Promise<void> {
    const workers = [this.#floors, ...this.#listeners.map(({ worker }) => worker)];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Threads take ports of their own, so that they do not try the same ones. */
function portsOf({ first, last }: MediaOptions['ports'], index: number, threads: number): MediaOptions['ports'] {
  const share = Math.floor((last - first + 1) / threads);
  return { first: first + index * share, last: index === threads - 1 ? last : first + (index + 1) * share - 1 };
}
