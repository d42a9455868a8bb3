import type { Logger } from 'winston';
import type { ConfigError } from '../../config/errors.ts';
import { readConfig } from '../../config/read-config.ts';

const LOOK_EVERY_MS = 5000;
const CORRECTED =
  'the mistakes in rostrum.yaml or its secrets are corrected; the new content counts once this process starts again';

export type ConfigWatchOptions = {
  /** See `readConfig`. */
  readonly named: string | undefined;
  /** The mistakes because of which this process has started with the former content of the files; null without any. */
  readonly atStart: ConfigError | null;
};

/** Looks every so often whether the files of the node's configuration have mistakes: each would count at the next start. */
export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  readonly #logger: Logger;
  #problem: string | null;
  #looking: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: ConfigWatchOptions, { logger }: { logger: Logger }) {
    this.#options = options;
    this.#logger = logger;
    this.#problem = options.atStart?.message ?? null;
    this.#lookLater();
  }

  /** The mistakes, or that they were corrected after this process had started; null without any. */
  get problem(): string | null {
    if (this.#problem === null || this.#problem === CORRECTED) return this.#problem;
    return `the former content counts until this is corrected:\n${this.#problem}`;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#looking);
  }

  #lookLater(): void {
    if (this.#isStopped) return;
    this.#looking = setTimeout(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  async #look(): Promise<void> {
    const problem = await this.#read();
    if (problem !== this.#problem) {
      this.#problem = problem;
      if (problem === CORRECTED) this.#logger.info(problem);
      else if (problem === null) this.#logger.info('the configuration has no mistakes any more');
      else
        this.#logger.error(`the configuration has mistakes; it counts as it was until they are corrected:\n${problem}`);
    }
    this.#lookLater();
  }

  async #read(): Promise<string | null> {
    const { named, atStart } = this.#options;
    try {
      await readConfig(named, process.env);
      return atStart ? CORRECTED : null;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
