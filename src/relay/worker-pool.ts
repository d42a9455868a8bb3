import { MessageChannel, Worker } from 'node:worker_threads';
import { type Bell, createBell, ringForCommand } from './bell.ts';
import { createRtpDrops, type ListenerDropReason, readDrops } from './rtp-drops.ts';
import type {
  AudienceCommand,
  AudienceWorkerOptions,
  FloorCommand,
  FloorRequest,
  FloorWorkerOptions,
  ListenerCommand,
  MediaOptions,
  TrunkOptions,
  WorkerReport,
} from './worker-messages.ts';

type PoolOptions = MediaOptions & {
  /** How many have listeners. */
  threads: number;
  trunk: TrunkOptions | null;
};

export type WorkerPoolDeps = {
  onReport: (report: WorkerReport) => void;
  /** A thread has died, and with it the sound of many; only a restart of the relay helps. */
  onDied: (error: Error) => void;
};

/** The media threads: one that has all floors, and some over which listeners are spread. */
export class WorkerPool {
  readonly #floors: Worker;
  readonly #audiences: readonly { readonly worker: Worker; readonly bell: Bell }[];
  /** How many listeners each thread has. */
  readonly #load: number[];
  readonly #threadOf = new Map<string, number>();
  readonly #rtpDrops = createRtpDrops();

  constructor({ threads, trunk, bindAddress, ports }: PoolOptions, deps: WorkerPoolDeps) {
    const start = (file: string, workerData: AudienceWorkerOptions | FloorWorkerOptions) => {
      const worker = new Worker(new URL(file, import.meta.url), { workerData });
      worker.on('message', deps.onReport);
      worker.on('error', deps.onDied);
      return worker;
    };
    // A conference has one port, so that no range is kept free for them. Listeners come to the last tenth last.
    const nextPort = ports.last - Math.floor((ports.last - ports.first) / 10);
    this.#floors = start('./floor-worker.js', { bindAddress, ports, nextPort, trunk });
    const rtpDrops = this.#rtpDrops;
    this.#load = Array.from({ length: threads }, () => 0);
    this.#audiences = this.#load.map((_, index) => {
      const share = portsOf(ports, index, threads);
      const worker = start('./audience-worker.js', { bindAddress, ports: share, nextPort: share.first, rtpDrops });
      const bell = createBell();
      const { port1, port2 } = new MessageChannel();
      this.#floors.postMessage({ type: 'audience', port: port1, bell } satisfies FloorCommand, [port1]);
      worker.postMessage({ type: 'source', port: port2, bell } satisfies AudienceCommand, [port2]);
      return { worker, bell };
    });
  }

  /** Packets that came to listeners' ports and were dropped. */
  get rtpDropped(): Record<ListenerDropReason, number> {
    return readDrops(this.#rtpDrops);
  }

  tellFloors(request: FloorRequest): void {
    this.#floors.postMessage(request);
  }

  /** A listener stays in the thread in which he began: the one with the fewest. */
  tellListener(legId: string, command: ListenerCommand): void {
    const known = this.#threadOf.get(legId);
    const index = known ?? this.#load.indexOf(Math.min(...this.#load));
    if (known === undefined) {
      this.#threadOf.set(legId, index);
      this.#load[index] = (this.#load[index] ?? 0) + 1;
    }
    const thread = this.#audiences[index];
    thread?.worker.postMessage(command);
    if (thread) ringForCommand(thread.bell);
    if (command.type !== 'end-listener') return;
    this.#threadOf.delete(legId);
    this.#load[index] = (this.#load[index] ?? 1) - 1;
  }

  async stop(): Promise<void> {
    const workers = [this.#floors, ...this.#audiences.map(({ worker }) => worker)];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Threads take ports of their own, so that they do not try the same ones. */
function portsOf({ first, last }: MediaOptions['ports'], index: number, threads: number): MediaOptions['ports'] {
  const share = Math.floor((last - first + 1) / threads);
  return { first: first + index * share, last: index === threads - 1 ? last : first + (index + 1) * share - 1 };
}
