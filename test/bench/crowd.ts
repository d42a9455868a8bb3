import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Sound } from '../kit/phone/sound.ts';
import type { SipServer } from '../kit/sip/address.ts';
import type { CallReport, CrowdAnswer, CrowdOrder } from './crowd-process.ts';
import { monotonicMs, type Stall } from './stall-watch.ts';

/** One process of Node.js carries about so many phones that send and receive 50 packets per second. */
const PHONES_PER_PROCESS = 1000;
/** More processes than this only take each other's cores away. */
const MAX_PROCESSES = 4;

export type CrowdCall = CallReport & {
  /** Index of the process that the phone is in. */
  readonly process: number;
};

export type Dial = {
  readonly group: string;
  readonly number: string;
  readonly callers: readonly string[];
  readonly sound: Sound;
  /** Calls per second. */
  readonly rate: number;
};

/** Many phones, spread over as many processes as they need. */
export class Crowd {
  readonly #processes: CrowdProcess[];

  private constructor(processes: CrowdProcess[]) {
    this.#processes = processes;
  }

  /** @param phones how many there will be at most */
  static async start(options: { server: SipServer; packetMs: number; phones: number }): Promise<Crowd> {
    const { server, packetMs, phones } = options;
    const count = Math.min(MAX_PROCESSES, Math.ceil(phones / PHONES_PER_PROCESS));
    const crowd = new Crowd(Array.from({ length: count }, () => new CrowdProcess()));
    await crowd.#askAll({ type: 'open', server, packetMs });
    return crowd;
  }

  get pids(): number[] {
    return this.#processes.map(({ pid }) => pid);
  }

  /** Dials evenly at a rate, each process in its turn; resolves when the last one was dialled. */
  async dial({ rate, callers, ...what }: Dial): Promise<void> {
    const everyMs = 1000 / rate;
    const startMs = monotonicMs() + everyMs;
    const processes = this.#processes.length;
    await Promise.all(
      this.#processes.map((process, turn) =>
        process.ask({
          type: 'dial',
          ...what,
          callers: callers.filter((_, index) => index % processes === turn),
          startMs: startMs + turn * everyMs,
          everyMs: processes * everyMs,
        }),
      ),
    );
  }

  /** Waits until every call of the group has been answered or has ended, but no longer than `timeoutMs`. */
  async settle(group: string, timeoutMs: number): Promise<void> {
    await this.#askAll({ type: 'settle', group, timeoutMs });
  }

  /** The group's statistics of what they hear begin anew. */
  async reset(group: string): Promise<void> {
    await this.#askAll({ type: 'reset', group });
  }

  /** The phone of that place in the group presses keys. */
  async press(group: string, index: number, keys: string): Promise<void> {
    const processes = this.#processes.length;
    const place = Math.floor(index / processes);
    await this.#processes[index % processes]?.ask({ type: 'press', group, index: place, keys });
  }

  /** What became of each call of the group. */
  async report(group: string): Promise<CrowdCall[]> {
    const reports = await this.#askAll({ type: 'report', group });
    return reports.flatMap((calls, process) => calls.map((call) => ({ ...call, process })));
  }

  /** When each process was too busy to look at what had come, since it was last asked. */
  stalls(): Promise<Stall[][]> {
    return this.#askAll({ type: 'stalls' });
  }

  async hangUp(): Promise<void> {
    await this.#askAll({ type: 'hang-up' });
  }

  /** Ends the processes, and with them the phones, without a farewell. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }

  #askAll<Order extends CrowdOrder>(order: Order): Promise<CrowdAnswer[Order['type']][]> {
    return Promise.all(this.#processes.map((process) => process.ask(order)));
  }
}

type Reply = { id: number; answer?: unknown; problem?: string };
type Waiting = { resolve: (answer: unknown) => void; reject: (error: Error) => void };

class CrowdProcess {
  readonly #child: ChildProcess = fork(new URL('./crowd-process.ts', import.meta.url));
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor() {
    this.#child.on('message', ({ id, answer, problem }: Reply) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (problem === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(`phones of the bench: ${problem}`));
    });
    this.#child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`phones of the bench ended: ${code ?? signal}`));
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  ask<Order extends CrowdOrder>(order: Order): Promise<CrowdAnswer[Order['type']]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#child.send({ id, order });
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}
