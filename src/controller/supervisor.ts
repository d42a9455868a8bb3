import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';

/** A process to keep running. */
export type ChildSpec = { name: string; command: string; args: readonly string[] };

const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 5000;
/** A process that ran this long has started well: the next restart is quick again. */
const SETTLED_MS = 10_000;
const STOP_TIMEOUT_MS = 10_000;

/** Keeps one process running: restarts it when it dies, but not when it ends by itself with a status of its own. */
export class Supervisor {
  readonly #spec: ChildSpec;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;

  constructor(spec: ChildSpec, deps: { logger: Logger }) {
    this.#spec = spec;
    this.#logger = deps.logger;
  }

  /** @returns the exit status of the process once it has ended for good */
  async run(): Promise<number> {
    const { signal } = this.#stopping;
    let delayMs = FIRST_RESTART_MS;
    for (;;) {
      const startedMs = performance.now();
      const { code, how } = await this.#runOnce();
      if (signal.aborted) return 0;
      // Its own decision, e.g. over a mistake in the configuration, which a restart would repeat.
      if (code !== null && code !== CRASHED) return code;
      if (performance.now() - startedMs > SETTLED_MS) delayMs = FIRST_RESTART_MS;
      this.#logger.error(`${this.#spec.name} ${how}; starting it again in ${delayMs} ms`);
      await sleep(delayMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return 0;
      delayMs = Math.min(delayMs * 2, LAST_RESTART_MS);
    }
  }

  /** Ends the process: asks it, and kills it if it does not go. `run` then resolves with 0. */
  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    const child = this.#child;
    child?.kill('SIGTERM');
    const timer = setTimeout(() => child?.kill('SIGKILL'), STOP_TIMEOUT_MS);
    timer.unref();
  }

  /** Passes a signal on to the process, if it runs. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** The machine may be out of processes or files for a moment: one that cannot be started counts as one that died. */
  #runOnce(): Promise<Ending> {
    return this.#spawn().catch((error: NodeJS.ErrnoException) => {
      this.#child = null;
      return { code: null, how: `cannot be started (${error.code ?? error.message})` };
    });
  }

  #spawn(): Promise<Ending> {
    const { command, args } = this.#spec;
    return new Promise((resolve, reject) => {
      // Detached, because we pass signals on, and a terminal's Ctrl-C would reach both. Over the channel the process
      // notices when we die: unsupervised, it would stand in the way of the next one.
      const stdio = ['inherit', 'inherit', 'inherit', 'ipc'] as const;
      const child = spawn(command, args, { stdio: [...stdio], detached: true });
      this.#child = child;
      child.on('error', (error) => {
        // Else it is about a signal that could not be sent, and the process runs on.
        if (child.pid === undefined) reject(error);
      });
      child.once('exit', (code, killedBy) => {
        this.#child = null;
        resolve({ code, how: `died (${killedBy ?? `status ${code}`})` });
      });
    });
  }
}

/** How a process has ended, with its exit status if it has one. */
type Ending = { readonly code: number | null; readonly how: string };

/** Node's exit status after an uncaught error, which our own commands use for "failed" as well. */
const CRASHED = 1;
