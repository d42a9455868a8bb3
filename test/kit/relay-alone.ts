import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { onLines, sendLine } from '../../src/relay/protocol/lines.ts';
import { type RelayReport, type RelayRequest, relayReportSchema } from '../../src/relay/protocol/protocol.ts';

const PROGRAM = new URL('../../dist/cli/main.js', import.meta.url);
const START_TIMEOUT_MS = 10_000;

export type RelayAloneOptions = {
  threads: number;
  /** The section `cluster` of rostrum.yaml; none for a node by itself. */
  cluster?: Record<string, unknown>;
  /** Receives each report as it comes. */
  onReport?: (report: RelayReport) => void;
};

/** The relay of the built program without Asterisk and a controller; the test states what the latter would. */
export class RelayAlone {
  /** Everything that it has reported. */
  readonly reports: RelayReport[] = [];
  readonly #directory: string;
  #process: ChildProcess;
  #control: Socket;
  #formerEnded: Promise<unknown> = Promise.resolve();
  readonly #onReport: RelayAloneOptions['onReport'];

  private constructor(
    directory: string,
    child: ChildProcess,
    control: Socket,
    onReport: RelayAloneOptions['onReport'],
  ) {
    this.#directory = directory;
    this.#process = child;
    this.#control = control;
    this.#onReport = onReport;
    this.#listen();
  }

  static async start({ threads, cluster, onReport }: RelayAloneOptions): Promise<RelayAlone> {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-relay-'));
    const socketPath = join(directory, 'relay.sock');
    const configPath = join(directory, 'rostrum.yaml');
    const relay = { threads, socket: socketPath };
    await writeFile(configPath, stringify({ relay, ...(cluster && { cluster }) }));
    const child = forkRelay(directory);
    return new RelayAlone(directory, child, await connectTo(socketPath), onReport);
  }

  /** Has another process take over. */
  async upgrade(): Promise<void> {
    this.#formerEnded = once(this.#process, 'exit');
    this.#process = forkRelay(this.#directory, '--take-over');
    const socketPath = join(this.#directory, 'relay.sock');
    // It is left by the old one when that hands over, and by the new one when that looks for it.
    for (let pid = this.#helloPid; pid !== this.#process.pid; pid = this.#helloPid) {
      if (this.#control.destroyed) {
        this.#control = await connectTo(socketPath);
        this.#listen();
      }
      await sleep(5);
    }
  }

  #listen(): void {
    this.#control.on('error', () => {});
    onLines(this.#control, (value) => {
      const report = relayReportSchema.parse(value);
      this.reports.push(report);
      this.#onReport?.(report);
    });
  }

  get #helloPid(): number | undefined {
    return this.reports.findLast((report) => report.type === 'hello')?.pid;
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  request(request: RelayRequest): void {
    sendLine(this.#control, request);
  }

  /** Waits for the first report of this kind. */
  async reported<Type extends RelayReport['type']>(type: Type): Promise<Extract<RelayReport, { type: Type }>> {
    for (const startedMs = performance.now(); performance.now() - startedMs < START_TIMEOUT_MS; await sleep(5)) {
      const report = this.reports.find((each) => each.type === type);
      if (report) return report as Extract<RelayReport, { type: Type }>;
    }
    throw new Error(`the relay has not reported: ${type}`);
  }

  /** @param signal SIGKILL for a relay that gets no chance to tidy up */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#control.destroy();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.kill(signal);
      await exited;
    }
    await this.#formerEnded;
    await rm(this.#directory, { recursive: true });
  }
}

function forkRelay(directory: string, ...args: string[]): ChildProcess {
  return fork(PROGRAM, ['relay', '--config', join(directory, 'rostrum.yaml'), ...args], {
    execArgv: [],
    env: { ...process.env, ROSTRUM_ARI_PASSWORD: 'unused' },
    stdio: 'ignore',
  });
}

/** Waits until somebody listens there. */
async function connectTo(path: string): Promise<Socket> {
  for (const startedMs = performance.now(); ; await sleep(50)) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (performance.now() - startedMs > START_TIMEOUT_MS) throw error;
    }
  }
}
