import { type ChildProcess, spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';
import { SilenceWatch } from '../timing/silence-watch.ts';

/** A process to keep running. */
export type ChildSpec = {
  name: string;
  command: string;
  args: readonly string[];
  /** The process does not inherit a priority that is higher than usual. */
  hasUsualPriority?: true;
};

type SupervisorDeps = {
  logger: Logger;
  /** The process has sent a message over its channel. */
  onMessage?: (message: unknown) => void;
  /** What a process had kept whose supervisor was killed. */
  kept?: ReadonlyMap<string, object>;
  /** The process has a value kept. */
  onKeep?: (key: string, value: object) => void;
};

/** The first restart is at once; these are the waits before the second and the last one. */
const SECOND_RESTART_MS = 100;
const LAST_RESTART_MS = 5000;
/** A process that has run for so long after its start has settled: the next restart is at once again. */
const SETTLED_MS = 2000;
const STOP_TIMEOUT_MS = 10_000;
const USUAL_NICENESS = 0;
/** A process that has said that it is alive, and then says nothing for so long, is stopped or in a loop. */
const SILENT_MS = 10_000;

/** What a process says each second over its channel; `running` once it has started. */
export type Alive = { readonly type: 'alive'; readonly running: boolean };
export const ALIVE_EVERY_MS = 1000;

/** A process has its supervisor keep a value, and forget it with null: `Kept` for the process that follows. */
export type Keep = { readonly type: 'keep'; readonly key: string; readonly value: object | null };
export type Kept = { readonly type: 'kept'; readonly values: readonly (readonly [key: string, value: object])[] };
/** More than any process has: a relay keeps its calls and floors, a controller its configuration. */
const MOST_KEPT = 100_000;

/** Keeps one process running: restarts it when it dies, but not when it finds at its first start that it cannot run. */
export class Supervisor {
  readonly #spec: ChildSpec;
  readonly #logger: Logger;
  readonly #onMessage: (message: unknown) => void;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  /** How the child ends. */
  #ending: Promise<Ending> | null = null;
  /** A process that is taking over from the child. */
  #successor: Running | null = null;
  /** The child has been asked to end, and is to be started again. */
  #restarting = false;
  /** It has run once: what keeps it from running later is new. */
  #hasRun = false;
  readonly #kept: Map<string, object>;
  readonly #onKeep: (key: string, value: object) => void;

  constructor(spec: ChildSpec, deps: SupervisorDeps) {
    this.#spec = spec;
    this.#logger = deps.logger;
    this.#onMessage = deps.onMessage ?? (() => {});
    this.#kept = new Map(deps.kept);
    this.#onKeep = deps.onKeep ?? (() => {});
  }

  /** @returns the exit status of the process once it has ended for good */
  async run(): Promise<number> {
    const { signal } = this.#stopping;
    let delayMs = 0;
    for (;;) {
      let ending = await this.#run(this.#start(this.#spec.args));
      for (let next = this.#successor; next; next = this.#successor) {
        this.#successor = null;
        ending = await this.#run(next);
      }
      const { code, how, wasKilled, hasSettled } = ending;
      if (signal.aborted) return 0;
      this.#hasRun ||= this.#restarting || wasKilled;
      if (this.#restarting) {
        this.#restarting = false;
        continue;
      }
      // The process has decided to end, e.g. because of a mistake in the configuration: a restart would repeat it. But the
      // other process of the node must not end because of something that has gone wrong since.
      if (code !== null && code !== CRASHED && !this.#hasRun) return code;
      if (hasSettled) delayMs = 0;
      this.#logger.error(`${this.#spec.name} ${how}; starting it again${delayMs > 0 ? ` in ${delayMs} ms` : ''}`);
      await sleep(delayMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return 0;
      delayMs = Math.min(Math.max(delayMs * 2, SECOND_RESTART_MS), LAST_RESTART_MS);
    }
  }

  /** Ends the process: asks it, and kills it if it does not go. `run` then resolves with 0. */
  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    for (const child of [this.#child, this.#successor?.child]) end(child);
  }

  /** Ends the process, and starts it again. */
  restart(): void {
    this.#restarting = this.#child !== null;
    end(this.#child);
  }

  /**
   * Starts another process, which has the one that runs end, and is kept running from then on.
   * @param args in place of those of the specification
   * @returns null, or how the other process has ended: then the one that runs goes on
   */
  async succeed(args: readonly string[]): Promise<string | null> {
    if (this.#successor || !this.#ending) return 'is being started already';
    const next = this.#start(args);
    this.#successor = next;
    const before = this.#child;
    next.started.then(() => killLater(before));
    const failed = await Promise.race([this.#ending.then(() => null), next.ending.then(({ how }) => how)]);
    if (failed !== null && this.#successor === next) this.#successor = null;
    return failed;
  }

  /** Sends the process a message over its channel. */
  send(message: object): void {
    this.#child?.send?.(message, () => {});
  }

  /** Passes a signal on to the process, if it runs. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async #run({ child, ending }: Running): Promise<Ending> {
    this.#child = child;
    this.#ending = ending;
    const ended = await ending;
    this.#child = null;
    this.#ending = null;
    return ended;
  }

  /** The machine may be out of processes or files for a moment: one that cannot be started counts as one that died. */
  #start(args: readonly string[]): Running {
    // Detached, because we pass signals on, and a terminal's Ctrl-C would reach both. Over the channel the process
    // notices when we die: unsupervised, it would stand in the way of the next one.
    const stdio = ['inherit', 'inherit', 'inherit', 'ipc'] as const;
    const notStarted = ({ code, message }: NodeJS.ErrnoException): Ending => ({
      code: null,
      wasKilled: false,
      hasSettled: false,
      how: `cannot be started (${code ?? message})`,
    });
    try {
      const child = spawn(this.#spec.command, args, { stdio: [...stdio], detached: true });
      if (this.#spec.hasUsualPriority) lowerToUsual(child);
      const watched = this.#watch(child);
      child.send({ type: 'kept', values: [...this.#kept] } satisfies Kept, () => {});
      const ending = new Promise<Ending>((resolve) => {
        // With a process it is about a signal or message that could not be sent, and the process runs on.
        child.on('error', (error) => child.pid === undefined && resolve(notStarted(error)));
        child.once('exit', (code, killedBy) => {
          const how = code === 0 ? 'ended' : `died (${killedBy ?? `status ${code}`})`;
          const ranMs = performance.now() - watched.runsSinceMs;
          resolve({ code, how, wasKilled: killedBy !== null, hasSettled: ranMs > (code === 0 ? 0 : SETTLED_MS) });
        });
      });
      return { child, ending, started: watched.started };
    } catch (error) {
      return { child: null, ending: Promise.resolve(notStarted(error as Error)), started: new Promise(() => {}) };
    }
  }

  /**
   * Takes the messages of a process, and kills it if it is silent: one that is stopped does not end when it is asked to.
   * @returns when it has started: never, until it says so
   */
  #watch(child: ChildProcess): Watched {
    const watch = () =>
      new SilenceWatch({
        checkEveryMs: ALIVE_EVERY_MS,
        limitMs: SILENT_MS,
        onSilent: () => {
          this.#logger.error(`${this.#spec.name} has not shown for ${SILENT_MS / 1000} s that it is alive; killing it`);
          child.kill('SIGKILL');
        },
      });
    let hasStarted = () => {};
    const started = new Promise<void>((resolve) => {
      hasStarted = resolve;
    });
    const watched = { started, runsSinceMs: Number.POSITIVE_INFINITY };
    let watching: SilenceWatch | null = null;
    child.on('message', (message: unknown) => {
      if (isOfType<Keep>(message, 'keep')) return this.#keep(message);
      if (!isOfType<Alive>(message, 'alive')) return this.#onMessage(message);
      // Messages may come after the end.
      if (child.exitCode !== null || child.signalCode !== null) return;
      watching ??= watch();
      watching.heard();
      if (!message.running) return;
      this.#hasRun = true;
      watched.runsSinceMs = Math.min(watched.runsSinceMs, performance.now());
      hasStarted();
    });
    child.once('exit', () => watching?.stop());
    return watched;
  }

  #keep({ key, value }: Keep): void {
    if (value === null) {
      this.#kept.delete(key);
      return;
    }
    if (this.#kept.has(key) || this.#kept.size < MOST_KEPT) this.#kept.set(key, value);
    this.#onKeep(key, value);
  }
}

/** Before it makes threads, which inherit its priority. */
function lowerToUsual({ pid }: ChildProcess): void {
  if (pid !== undefined && getPriority() < USUAL_NICENESS) setPriority(pid, USUAL_NICENESS);
}

/** Asks a process to end, and kills it if it does not. */
function end(child: ChildProcess | null | undefined): void {
  child?.kill('SIGTERM');
  killLater(child);
}

function killLater(child: ChildProcess | null | undefined): void {
  setTimeout(() => child?.kill('SIGKILL'), STOP_TIMEOUT_MS).unref();
}

function isOfType<Message extends { type: string }>(message: unknown, type: Message['type']): message is Message {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}

type Running = {
  readonly child: ChildProcess | null;
  readonly ending: Promise<Ending>;
  /** Resolves when the process says that it has started, if it does. */
  readonly started: Promise<void>;
};

/** When a process has said for the first time that it has started; infinity if it has not. */
type Watched = { readonly started: Promise<void>; readonly runsSinceMs: number };

/** How a process has ended, with its exit status if it has one. */
type Ending = {
  readonly code: number | null;
  readonly how: string;
  readonly wasKilled: boolean;
  /** The process has started well, and has run for a while or ended without an error. */
  readonly hasSettled: boolean;
};

/** Node's exit status after an uncaught error, which our own commands use for "failed" as well. */
const CRASHED = 1;
