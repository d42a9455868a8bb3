import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { findProgram } from '../../../scripts/debian-root.ts';
import { withTimeout } from '../../../src/timing/with-timeout.ts';

const ANSWER_TIMEOUT_MS = 20_000;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-default-browser-check',
  '--autoplay-policy=no-user-gesture-required',
  '--remote-debugging-pipe',
];
/** Ends each message of the pipes. */
const NUL = '\0';

type Answer = { id?: number; result?: Record<string, unknown>; error?: { message: string } };

/**
 * Chromium without a window, steered over its pipes.
 * @see https://chromedevtools.github.io/devtools-protocol/
 */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #directory: string;
  /** By id. Bounded by the questions of a test, each of which has a time-out. */
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;
  #sessionId: string | undefined;
  #unread = '';

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
    const answers = child.stdio[4] as Readable;
    answers.setEncoding('utf8').on('data', (chunk: string) => this.#receive(chunk));
  }

  /** Opens a page. Rejects where this machine has no Chromium and cannot get one. */
  static async start(url: string, flags: readonly string[]): Promise<Chromium> {
    const [program = '', ...words] = await findProgram('chromium');
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-chromium-'));
    const child = spawn(program, [...words, ...FLAGS, `--user-data-dir=${directory}`, ...flags], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const browser = new Chromium(child, directory);
    try {
      const { targetId } = await browser.#ask('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await browser.#ask('Target.attachToTarget', { targetId, flatten: true });
      browser.#sessionId = sessionId as string;
      await browser.#ask('Page.navigate', { url });
      await browser.evaluate(
        `new Promise((loaded) => document.readyState === 'complete' ? loaded() : onload = loaded)`,
      );
    } catch (error) {
      await browser.stop();
      throw error;
    }
    return browser;
  }

  /** The value of an expression in the page. Rejects with what it throws. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#ask('Runtime.evaluate', options);
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: Value }).value;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      // Its processes end with it.
      this.#ask('Browser.close', {}).catch(() => this.#child.kill('SIGKILL'));
      await ended;
    }
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #ask(method: string, params: object): Promise<Record<string, unknown>> {
    this.#asked += 1;
    const id = this.#asked;
    const answered = new Promise<Record<string, unknown>>((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result ?? {})));
    });
    const sessionId = method.startsWith('Target.') || method.startsWith('Browser.') ? undefined : this.#sessionId;
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}${NUL}`);
    return withTimeout(answered, ANSWER_TIMEOUT_MS, () => {
      this.#waiting.delete(id);
      throw new Error(`Chromium does not answer ${method}`);
    });
  }

  #receive(chunk: string): void {
    const [last = '', ...messages] = `${this.#unread}${chunk}`.split(NUL).reverse();
    this.#unread = last;
    for (const message of messages.reverse()) {
      const answer = JSON.parse(message) as Answer;
      this.#waiting.get(answer.id ?? 0)?.(answer);
      this.#waiting.delete(answer.id ?? 0);
    }
  }
}
