import { ALIVE_EVERY_MS, type Alive, type Keep, type Kept } from '../../process/supervisor.ts';

/** When a process of the node is to end. */
export type Lifetime = {
  /** Resolves when it is to end: with null because it was asked to, else with the reason. */
  readonly ended: Promise<Error | null>;
  readonly end: (reason: Error | null) => void;
  /** The process has started: what keeps it from running later is no reason for the node to end. */
  readonly started: () => void;
};

/** Has the supervisor, if there is one, keep a value for the process that follows this one; null forgets it. */
export function keep(key: string, value: object | null): void {
  if (process.connected) process.send?.({ type: 'keep', key, value } satisfies Keep, () => {});
}

/** Receives what former processes have had kept. It waits in the channel of the process until then. */
export function onKept(receive: (values: readonly unknown[]) => void): void {
  process.once('message', (message: Kept) => message.type === 'kept' && receive(message.values));
}

/** Ends with SIGTERM and SIGINT, and with the supervisor: without it, the process would be in the way of the next one. */
export function lifetime(): Lifetime {
  let end = (_reason: Error | null) => {};
  const ended = new Promise<Error | null>((resolve) => {
    end = resolve;
  });
  process.once('SIGTERM', () => end(null));
  process.once('SIGINT', () => end(null));
  process.once('disconnect', () => end(null));
  let running = false;
  const sayAlive = () => process.connected && process.send?.({ type: 'alive', running } satisfies Alive, () => {});
  setInterval(sayAlive, ALIVE_EVERY_MS).unref();
  process.channel?.unref();
  const started = () => {
    running = true;
  };
  return { ended, end, started };
}
