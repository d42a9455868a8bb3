import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from '../../scripts/debian-root.ts';

let command: string[] | null = null;

/** A real NATS server on a port of 127.0.0.1. */
export class NatsServer {
  readonly port: number;
  readonly #options: readonly string[];
  #child: ChildProcess | null = null;

  /** @param options further words of its command line */
  constructor(port: number, options: readonly string[] = []) {
    this.port = port;
    this.#options = options;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** 0 while it does not run. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    command ??= await findProgram('nats-server');
    const [program = '', ...words] = command;
    const listen = ['-a', '127.0.0.1', '-p', String(this.port)];
    const child = spawn(program, [...words, ...listen, ...this.#options], { stdio: 'ignore' });
    this.#child = child;
    for (let tries = 0; tries < 500 && child.exitCode === null; tries++) {
      if (await isListening(this.port)) return;
      await delay(10);
    }
    throw new Error('nats-server did not start');
  }

  /** It neither reads nor answers any more, until it is killed. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
