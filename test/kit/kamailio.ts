import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../scripts/debian-root.ts';
import type { SipServer } from './sip/address.ts';

const ROUTING = fileURLToPath(new URL('../../docs/routing.md', import.meta.url));
const READY_TIMEOUT_MS = 15_000;
const SHARED_MEMORY_MB = 32;
const PROCESS_MEMORY_MB = 4;

/** The addresses of the example, and those in their place. */
export type KamailioAddresses = Readonly<Record<'192.0.2.10:5060' | '192.0.2.1:7480' | '192.0.2.2:7480', string>>;

/** A real Kamailio with the configuration of docs/routing.md. */
export class Kamailio {
  readonly #directory: string;
  readonly #child: ChildProcess;

  private constructor(directory: string, child: ChildProcess) {
    this.#directory = directory;
    this.#child = child;
  }

  /** @param server where it takes calls, as in `addresses` */
  static async start(server: SipServer, addresses: KamailioAddresses): Promise<Kamailio> {
    const [program = '', ...words] = await findProgram('kamailio');
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-kamailio-'));
    const config = join(directory, 'kamailio.cfg');
    await writeFile(config, await exampleWith(addresses));
    const log = openSync(join(directory, 'log'), 'a');
    const memory = ['-m', String(SHARED_MEMORY_MB), '-M', String(PROCESS_MEMORY_MB)];
    const child = spawn(program, [...words, '-f', config, '-DD', '-E', '-Y', directory, ...memory], {
      cwd: directory,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const kamailio = new Kamailio(directory, child);
    for (const startedMs = performance.now(); performance.now() - startedMs < READY_TIMEOUT_MS; await sleep(50)) {
      if (child.exitCode !== null) break;
      if (await isUdpBound(server)) return kamailio;
    }
    const account = await readFile(join(directory, 'log'), 'utf8');
    await kamailio.stop();
    throw new Error(`Kamailio did not start:\n${account}`);
  }

  /** What it has logged. */
  log(): Promise<string> {
    return readFile(join(this.#directory, 'log'), 'utf8');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The example is the indented block that begins with `#!KAMAILIO`. */
async function exampleWith(addresses: KamailioAddresses): Promise<string> {
  const lines = (await readFile(ROUTING, 'utf8')).split('\n');
  const from = lines.indexOf('    #!KAMAILIO');
  const length = lines.slice(from).findIndex((line) => line !== '' && !line.startsWith('    '));
  if (from < 0 || length < 0) throw new Error('docs/routing.md has no example for Kamailio');
  const text = lines.slice(from, from + length).map((line) => line.slice(4));
  return Object.entries(addresses).reduce(
    (config, [given, own]) => {
      if (!config.includes(given)) throw new Error(`the example for Kamailio does not have ${given}`);
      return config.replaceAll(given, own);
    },
    `${text.join('\n')}\n`,
  );
}

/** Whether somebody has this UDP port: Linux lists them, with the bytes of the address reversed. */
async function isUdpBound({ host, port }: SipServer): Promise<boolean> {
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');
  const address = host
    .split('.')
    .reverse()
    .map((byte) => hex(Number(byte), 2));
  return (await readFile('/proc/net/udp', 'utf8')).includes(`${address.join('')}:${hex(port, 4)} `);
}
