import { Worker } from 'node:worker_threads';
import type { Logger } from 'winston';
import type { RelayReport, RtpAddress } from '../protocol/protocol.ts';

/** The delay before a thread that has failed is started again. */
const RESTART_MS = 1000;

/** The reports of the thread, which the controller gets. */
export type MeterReport = Extract<RelayReport, { type: 'meters' | 'levels' }>;

type MeterThreadDeps = { logger: Logger; onReport: (report: MeterReport) => void };

/** Runs the thread that measures how loud speakers are. Media threads never wait for it. */
export class MeterThread {
  readonly #deps: MeterThreadDeps;
  #worker: Worker | null = null;
  #restart: NodeJS.Timeout | undefined;
  #address: RtpAddress | null = null;

  constructor(deps: MeterThreadDeps) {
    this.#deps = deps;
  }

  /** The address that Asterisk connects to for each meter; null while it cannot. */
  get address(): RtpAddress | null {
    return this.#address;
  }

  start(): void {
    if (this.#worker) return;
    const worker = new Worker(new URL('./meter-worker.js', import.meta.url));
    this.#worker = worker;
    worker.on('message', (report: MeterReport) => {
      if (report.type === 'meters') this.#address = report.address;
      this.#deps.onReport(report);
    });
    // No audio depends on this thread.
    worker.on('error', (error) => this.#deps.logger.warn(`the meters have failed and start again: ${error.message}`));
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#address = null;
      this.#restart = setTimeout(() => this.start(), RESTART_MS);
    });
  }

  /** Asterisk is about to connect for this meter. */
  expect(meter: string): void {
    this.#worker?.postMessage({ expect: meter });
  }

  /** Reports all levels again, for a controller that does not know them. */
  restate(): void {
    this.#worker?.postMessage('restate');
  }

  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}
