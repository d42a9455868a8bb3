import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitUntil } from '../phone/wait.ts';

/** Calls and transfers need a second or two on a busy machine. */
const ANSWER_TIMEOUT_MS = 10_000;

export type ConsoleOptions = { readonly directory: string; readonly env?: NodeJS.ProcessEnv };

/** A program that is steered by what is typed, and prints what it does. */
export class ConsoleProgram {
  readonly #child: ChildProcessWithoutNullStreams;
  #printed = '';

  constructor([program = '', ...words]: readonly string[], { directory, env }: ConsoleOptions) {
    this.#child = spawn(program, words, { cwd: directory, env: { ...process.env, ...env } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (chunk) => {
        this.#printed += chunk;
      });
    }
    // Typed when the program has ended already: the wait for its answer says so.
    this.#child.stdin.on('error', () => {});
  }

  /** Types the text, and waits until all answers have been printed since then. */
  async type(text: string, ...answers: readonly string[]): Promise<void> {
    this.#printed = '';
    this.#child.stdin.write(text);
    await this.waitFor(...answers);
  }

  waitFor(...answers: readonly string[]): Promise<void> {
    return this.until(answers.join(', '), () => answers.every((answer) => this.#printed.includes(answer)));
  }

  /** Rejects with what it has printed, if it ends or the time is up before. */
  async until(waitedFor: string, isSo: () => boolean): Promise<void> {
    const options = { waitedFor, timeoutMs: ANSWER_TIMEOUT_MS };
    await waitUntil(
      options,
      () => isSo() || null,
      () => this.#hasEnded,
    ).catch((error) => {
      throw new Error(`the phone printed only: ${this.#printed}`, { cause: error });
    });
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
