import { once } from 'node:events';
import { ConfigFiles } from '../../config/config-files.ts';
import { ConfigError } from '../../config/errors.ts';
import { type LoadedConfig, readConfig } from '../../config/read-config.ts';
import { ALIVE_EVERY_MS, type Alive, type Keep, type Kept } from '../../process/supervisor.ts';

const KEPT_WITHIN_MS = 1000;
/** The keys of what a process has kept, also for a supervisor that is started after this one was killed. */
export const LASTING = { configuration: 'configuration', settings: 'settings' } as const;

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

let received: Promise<ReadonlyMap<string, object>> | undefined;

/** The values that former processes have had kept, by key. They wait in the channel of the process. */
export function kept(): Promise<ReadonlyMap<string, object>> {
  received ??= process.connected ? firstMessage() : Promise.resolve(new Map());
  return received;
}

async function firstMessage(): Promise<ReadonlyMap<string, object>> {
  const signal = AbortSignal.timeout(KEPT_WITHIN_MS);
  // A supervisor of an older version keeps nothing.
  const [message]: Kept[] = await once(process, 'message', { signal }).catch(() => []);
  return new Map(message?.type === 'kept' ? message.values : []);
}

/**
 * Reads the configuration. Mistakes that were made since a former process started do not keep this one from it: then
 * the files count as they were.
 * @param values what a former process has had kept
 * @throws ConfigError with every mistake, where no former process has started
 */
export async function readRunningConfig(
  named: string | undefined,
  values: () => Promise<ReadonlyMap<string, object>> = kept,
): Promise<{ config: LoadedConfig; problem: ConfigError | null }> {
  const files = new ConfigFiles();
  try {
    const config = await readConfig(named, process.env, files);
    keep(LASTING.configuration, files.contents);
    return { config, problem: null };
  } catch (error) {
    const former = (await values()).get(LASTING.configuration);
    if (!(error instanceof ConfigError) || !former) throw error;
    files.restore(former);
    return { config: await readConfig(named, process.env, files), problem: error };
  }
}

export function formerCounts({ message }: ConfigError): string {
  return `the configuration has mistakes; it counts as it was until they are corrected and this process starts again:\n${message}`;
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
