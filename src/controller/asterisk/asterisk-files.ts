import type { Logger } from 'winston';
import type { AriPort } from '../../ari/port.ts';
import { callsWithin, FILES_PER_CALL, type OpenFiles } from '../../base/open-files.ts';
import { countOpenFiles, readFileLimits } from '../../process/open-files.ts';
import { findServer } from '../../process/server-process.ts';

const LOOK_EVERY_MS = 1000;
/** A process that is not found, e.g. because it is in a container of its own, is looked for each time that so much has passed. */
const FIND_EVERY_MS = 30_000;

export type AsteriskFilesOptions = {
  /** Of ARI. */
  readonly url: string;
  readonly application: string;
};
export type AsteriskFilesDeps = {
  readonly ari: Pick<AriPort, 'channelsIn' | 'readMaxFiles'>;
  readonly logger: Pick<Logger, 'debug'>;
};

/** How many calls an Asterisk may still get before it has no files left. */
export type AsteriskRoom = {
  /** Null if that is not known, or there is no limit. */
  readonly calls: number | null;
  /** Another call has come. */
  callCame(): void;
};

/**
 * Looks every second how many files Asterisk may open, and has open. An Asterisk that has none left refuses calls by itself,
 * and leaves some of the callers that it has let in without sound.
 */
export class AsteriskFiles implements AsteriskRoom {
  readonly #options: AsteriskFilesOptions;
  readonly #deps: AsteriskFilesDeps;
  /** As of the last look. */
  #calls: number | null = null;
  #callsSince = 0;
  #pid: number | null = null;
  #notFoundAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: AsteriskFilesOptions, deps: AsteriskFilesDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get calls(): number | null {
    return this.#calls === null ? null : Math.max(0, this.#calls - this.#callsSince);
  }

  /** The process of Asterisk; null where it is not found. */
  get pid(): number | null {
    return this.#pid;
  }

  callCame(): void {
    this.#callsSince++;
  }

  /** Rejects never. */
  async start(): Promise<void> {
    const before = this.#callsSince;
    const calls = await this.#look().catch((error: Error) => {
      this.#deps.logger.debug(`it is not known how many files Asterisk may open: ${error.message}`);
      return null;
    });
    this.#calls = calls;
    // Those that have come during the look may not be in it.
    this.#callsSince -= before;
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<number | null> {
    const limits = (await this.#limits()) ?? (await this.#find());
    // The option of Asterisk is not its limit, but the next best thing to know about one that cannot be seen.
    const files = limits?.soft ?? (await this.#deps.ari.readMaxFiles());
    if (files === null || files === Number.POSITIVE_INFINITY) return null;
    return callsWithin(files, FILES_PER_CALL.asterisk, await this.#openFiles());
  }

  async #limits(): Promise<OpenFiles | null> {
    return this.#pid === null ? null : readFileLimits(this.#pid);
  }

  async #find(): Promise<OpenFiles | null> {
    const hasEnded = this.#pid !== null;
    this.#pid = null;
    if (!hasEnded && performance.now() - this.#notFoundAtMs < FIND_EVERY_MS) return null;
    this.#pid = await findServer({ url: this.#options.url, name: 'asterisk' });
    if (this.#pid === null) this.#notFoundAtMs = performance.now();
    return this.#limits();
  }

  async #openFiles(): Promise<number> {
    const counted = this.#pid === null ? null : await countOpenFiles(this.#pid);
    if (counted !== null) return counted;
    return FILES_PER_CALL.asterisk * (await this.#deps.ari.channelsIn(this.#options.application)).length;
  }
}
