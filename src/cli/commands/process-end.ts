import { ALIVE, ALIVE_EVERY_MS } from '../../process/supervisor.ts';

/** When a process of the node is to end. */
export type Lifetime = {
  /** Resolves when it is to end: with null because it was asked to, else with the reason. */
  readonly ended: Promise<Error | null>;
  readonly end: (reason: Error | null) => void;
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
  sayAlive();
  process.channel?.unref();
  return { ended, end };
}

/** Tells the supervisor each second that this process is neither stopped nor in a loop. */
function sayAlive(): void {
  if (!process.connected) return;
  const timer = setInterval(() => process.connected && process.send?.(ALIVE, () => {}), ALIVE_EVERY_MS);
  timer.unref();
}
