import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Udp } from '../../udp/udp.ts';
import { type Doorbell, rings, setWaker } from './doorbell.ts';

const TICK_MS = 200;
/** The interval of `advance` where the event loop waits for packets. */
const ADVANCE_EVERY_MS = 5;

export type MediaWork = {
  /** HOT PATH. The latest time at which `advance` must be called. */
  dueMs: () => number;
  /** HOT PATH. Called after packets and messages, and at `dueMs`. */
  advance: (nowMs: number) => void;
  /** Called five times per second. */
  tick: (nowMs: number) => void;
};

type Source = { readonly port: MessagePort; readonly handle: (message: never) => void };

/**
 * The main loop of a media thread: it waits for packets, for messages of other threads, and for the next due time. If
 * the driver of the sockets can wait for packets, the event loop does not: that would cost more than the packets.
 */
export class MediaLoop {
  readonly #udp: Udp;
  readonly #doorbell: Doorbell;
  readonly #work: MediaWork;
  readonly #sources: Source[] = [];
  #rung = -1;
  #tickMs = performance.now();

  /** @param deps.doorbell rung by other threads after each of their messages */
  constructor({ udp, doorbell, work }: { udp: Udp; doorbell: Doorbell; work: MediaWork }) {
    this.#udp = udp;
    this.#doorbell = doorbell;
    this.#work = work;
  }

  /** Handles messages of this port from now on. Their handler must not need the event loop. */
  listen<Message>(port: MessagePort, handle: (message: Message) => void): void {
    if (this.#udp.waker === null) port.on('message', handle);
    else this.#sources.push({ port, handle });
  }

  /** Never ends. */
  run<Command>(commands: MessagePort, handle: (command: Command) => void): void {
    const { waker } = this.#udp;
    if (waker === null) {
      commands.on('message', handle);
      setInterval(() => this.#work.advance(performance.now()), ADVANCE_EVERY_MS);
      setInterval(() => this.#work.tick(performance.now()), TICK_MS);
      return;
    }
    setWaker(this.#doorbell, waker);
    const turn = () => {
      while (!this.#wait() && this.#receive(commands, handle) === 0) this.#work.advance(performance.now());
      this.#work.advance(performance.now());
      // Asynchronous work of a command needs the event loop, which costs more than many packets.
      setImmediate(turn);
    };
    turn();
  }

  /** HOT PATH. @returns whether a tick was due, after which the event loop runs */
  #wait(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#tickMs >= TICK_MS) {
      this.#tickMs = nowMs;
      this.#work.tick(nowMs);
      return true;
    }
    const waitMs = Math.min(this.#tickMs + TICK_MS, this.#work.dueMs()) - nowMs;
    if (this.#rung === rings(this.#doorbell)) this.#udp.poll(Math.max(0, waitMs));
    return false;
  }

  /** HOT PATH. @returns how many commands there were */
  #receive<Command>(commands: MessagePort, handle: (command: Command) => void): number {
    const rung = rings(this.#doorbell);
    if (this.#rung === rung) return 0;
    // This comes first: a message that arrives meanwhile rings again.
    this.#rung = rung;
    for (const source of this.#sources) receiveAll(source.port, source.handle);
    return receiveAll(commands, handle);
  }
}

/** HOT PATH. @returns how many messages there were */
function receiveAll<Message>(port: MessagePort, handle: (message: Message) => void): number {
  let count = 0;
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
    handle(next.message as Message);
    count += 1;
  }
  return count;
}
