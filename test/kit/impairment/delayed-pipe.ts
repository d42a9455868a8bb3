import type { Socket } from 'node:net';

interface Chunk {
  readonly dueMs: number;
  /** null is the end of the stream. */
  readonly bytes: Uint8Array | null;
}

/** What may wait in one direction before its source is made to wait. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** One direction of a TCP connection: what comes from `source` goes to `sink`, later but in order. */
export class DelayedPipe {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #delayMs: () => number;
  readonly #onBytes: (count: number) => void;
  /** Bounded by MAX_WAITING_BYTES, as the source is paused. */
  readonly #waiting: Chunk[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #stalled = false;
  #sinkIsFull = false;

  /** @param deps.delayMs asked for each chunk that comes */
  constructor(
    ends: { readonly source: Socket; readonly sink: Socket },
    deps: { readonly delayMs: () => number; readonly onBytes: (count: number) => void },
  ) {
    this.#source = ends.source;
    this.#sink = ends.sink;
    this.#delayMs = deps.delayMs;
    this.#onBytes = deps.onBytes;
  }

  start(): void {
    this.#source.on('data', (bytes: Uint8Array) => this.#take(bytes));
    this.#source.on('end', () => this.#take(null));
    this.#sink.on('drain', () => {
      this.#sinkIsFull = false;
      this.#pass();
    });
  }

  /** Passes nothing until it is resumed; both ends think that the connection lives. */
  stall(): void {
    this.#stalled = true;
    this.#source.pause();
    clearTimeout(this.#timer);
  }

  resume(): void {
    this.#stalled = false;
    this.#pass();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #take(bytes: Uint8Array | null): void {
    const delayMs = this.#delayMs();
    // A delay that was made shorter must not let the later overtake the earlier.
    const earliestMs = this.#waiting.at(-1)?.dueMs ?? 0;
    this.#waiting.push({ dueMs: Math.max(performance.now() + delayMs, earliestMs), bytes });
    this.#waitingBytes += bytes?.length ?? 0;
    this.#pass();
  }

  readonly #pass = (): void => {
    clearTimeout(this.#timer);
    while (!this.#stalled && !this.#sinkIsFull) {
      const first = this.#waiting[0];
      if (first === undefined) break;
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(this.#pass, Math.ceil(waitMs));
        break;
      }
      this.#waiting.shift();
      this.#write(first.bytes);
    }
    if (this.#stalled || this.#waitingBytes > MAX_WAITING_BYTES) this.#source.pause();
    else this.#source.resume();
  };

  #write(bytes: Uint8Array | null): void {
    if (bytes === null) {
      this.#sink.end();
      return;
    }
    this.#waitingBytes -= bytes.length;
    this.#onBytes(bytes.length);
    this.#sinkIsFull = !this.#sink.write(bytes);
  }
}
