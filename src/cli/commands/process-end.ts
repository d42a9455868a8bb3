import { ALIVE, ALIVE_EVERY_MS } from '../../process/supervisor.ts';

/** When a process of the node is to end. */
export type Lifetime = {
  /** Resolves when it is to end: with null because it was asked to, else with the reason. */
  readonly ended: Promise<Error | null>;
  readonly end: (reason: Error | null) => void;
  /** The process runs from now on, and tells the supervisor each second that it is neither stopped nor in a loop. */
  readonly running: () => void;
};

/** Ends with SIGTERM and SIGINT, and with the supervisor: without it, the process would be in the way of the next one. */
export function lifetime(): Lifetime {
  let end = (_reason: Error | null) => {};
  const ended = new Promise<Error | null>((resolve) => {
    end = resolve;
  });
  process.once('SIGTERM', () => end(null));
  process.once('SIGINT', () => end(null));
  process.once('disconnect', () => end(null));
  process.channel?.unref();
  return { ended, end, running: sayAlive };
}

function sayAlive(): void {
  const say = () => process.connected && process.send?.(ALIVE, () => {});
  say();
  setInterval(say, ALIVE_EVERY_MS).unref();
}
