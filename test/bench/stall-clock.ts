import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Stall } from './stall-watch.ts';

/** Watches for stalls of the machine, in a process of its own. */
export class StallClock {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<StallClock> {
    const clock = new StallClock(fork(new URL('./stall-clock-process.ts', import.meta.url)));
    // What its own start takes is no stall of the machine.
    await clock.take();
    return clock;
  }

  /** The stalls since it was last asked. */
  async take(): Promise<Stall[]> {
    this.#child.send('take');
    const ended = once(this.#child, 'exit').then(() => Promise.reject(new Error('the clock of the bench has ended')));
    ended.catch(() => {});
    const [stalls] = (await Promise.race([once(this.#child, 'message'), ended])) as [Stall[]];
    return stalls;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}
