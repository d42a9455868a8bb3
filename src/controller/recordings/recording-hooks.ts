import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';
import { runCommand } from './run-command.ts';

/** Between the tries of a webhook. */
const RETRY_AFTER_MS = [1000, 10_000, 60_000];
/** So many failures in a row are a problem of the node. */
const REPEATED = 2;

/** The things that hear of each finished recording. */
export const RECORDING_HOOKS = ['command', 'webhook'] as const;
export type RecordingHook = (typeof RECORDING_HOOKS)[number];

/** A recording whose file is complete. */
export type FinishedRecording = {
  readonly name: string;
  readonly conference: string;
  /** The absolute path of the file. */
  readonly path: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly seconds: number;
  readonly bytes: number;
};

/** As `callWebhook`. */
type CallWebhook = (
  url: string,
  body: object,
  options: { headersFor: (text: string) => Record<string, string>; signal: AbortSignal },
) => Promise<void>;

export type RecordingHooksDeps = {
  readonly callWebhook: CallWebhook;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
};

export type RecordingHooksOptions = {
  readonly node: string;
  /** A program and its arguments; null for none. */
  readonly command: readonly string[] | null;
  readonly commandTimeoutMs: number;
  /** A URL; null for none. */
  readonly webhook: string | null;
  /** By which requests to the webhook are signed; null if they are not. */
  readonly webhookSecret: Uint8Array | null;
  readonly retryAfterMs?: readonly number[];
};

/** Tells a command and a webhook of each recording that is finished. */
export class RecordingHooks {
  readonly #options: RecordingHooksOptions;
  readonly #deps: RecordingHooksDeps;
  readonly #ending = new AbortController();
  /** Of each that has failed last time: how often in a row, and why. */
  readonly #failures = new Map<RecordingHook, { readonly times: number; readonly reason: string }>();

  constructor(options: RecordingHooksOptions, deps: RecordingHooksDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Which hook fails each time, and why; null while all is well. */
  get problem(): string | null {
    const repeated = [...this.#failures].filter(([, { times }]) => times >= REPEATED);
    if (repeated.length === 0) return null;
    return repeated
      .map(([hook, { times, reason }]) => `recordings.${hook} has failed for the last ${times} recordings: ${reason}`)
      .join('; ');
  }

  /** @returns once the hook has heard of it, or has failed; false if the controller ends before that */
  async tell(hook: RecordingHook, recording: FinishedRecording): Promise<boolean> {
    const { command, webhook } = this.#options;
    if (hook === 'command' && command) await this.#try(hook, recording, () => this.#runCommand(command, recording));
    if (hook === 'webhook' && webhook) await this.#try(hook, recording, () => this.#callWebhook(webhook, recording));
    return !this.#ending.signal.aborted;
  }

  /** Kills a command that is running, and gives a webhook up. */
  stop(): void {
    this.#ending.abort();
  }

  async #try(hook: RecordingHook, { name, conference }: FinishedRecording, run: () => Promise<void>) {
    if (this.#ending.signal.aborted) return;
    const about = `conference ${conference}: recording ${name}: recordings.${hook}`;
    try {
      await run();
      this.#failures.delete(hook);
      this.#deps.logger.info(`${about} is done`);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      const reason = (error as Error).message;
      this.#failures.set(hook, { times: (this.#failures.get(hook)?.times ?? 0) + 1, reason });
      this.#deps.logger.warn(`${about} has failed: ${reason}`);
    }
  }

  #runCommand(command: readonly string[], recording: FinishedRecording): Promise<void> {
    const { name, conference, path, startedAt, endedAt, seconds } = recording;
    const variables = {
      ROSTRUM_NODE: this.#options.node,
      ROSTRUM_CONFERENCE: conference,
      ROSTRUM_RECORDING: name,
      ROSTRUM_FILE: path,
      ROSTRUM_STARTED_AT: startedAt,
      ROSTRUM_ENDED_AT: endedAt,
      ROSTRUM_SECONDS: String(seconds),
    };
    const { commandTimeoutMs: timeoutMs } = this.#options;
    return runCommand({ words: [...command, path], variables, timeoutMs, signal: this.#ending.signal });
  }

  async #callWebhook(url: string, recording: FinishedRecording): Promise<void> {
    const { node, webhookSecret, retryAfterMs = RETRY_AFTER_MS } = this.#options;
    const { signal } = this.#ending;
    const body = { type: 'recording.finished', timestamp: recording.endedAt, data: { node, ...recording } };
    // The same for each try, so that the receiver knows them for one.
    const id = `msg_${randomUUID()}`;
    for (let tries = 0; ; tries++) {
      try {
        return await this.#deps.callWebhook(url, body, {
          headersFor: (text) => signature(id, text, webhookSecret),
          signal,
        });
      } catch (error) {
        const waitMs = retryAfterMs[tries];
        if (waitMs === undefined) throw new Error(`${url} ${(error as Error).message}`, { cause: error });
        await sleep(waitMs, undefined, { signal });
      }
    }
  }
}

/** The headers of Standard Webhooks 1.0.0. @see https://github.com/standard-webhooks/standard-webhooks */
export function signature(
  id: string,
  body: string,
  secret: Uint8Array | null,
  nowMs = Date.now(),
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === null) return headers;
  const signed = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signed}` };
}
