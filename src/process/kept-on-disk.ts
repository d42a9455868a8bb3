import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Logger } from 'winston';
import { z } from 'zod';
import { isAlive, recordOf } from './process-record.ts';
import { makeOwnDirectory } from './unix-socket.ts';

/** Any right of the group or of others: see chmod(2). */
const OTHERS = 0o077;

const fileSchema = z.object({
  owner: z.object({ pid: z.number().int(), startTime: z.string() }),
  values: z.array(z.tuple([z.string(), z.custom<object>((value) => typeof value === 'object' && value !== null)])),
});
type File = z.output<typeof fileSchema>;

export type KeptOnDiskOptions = {
  readonly directory: string;
  /** What tells the node from others of this user: the path of its configuration. */
  readonly node: string;
};

/**
 * The values of a process that another one needs if this one is killed. They are in a file, which a process that ends by
 * itself removes: so it is there only after a process that was killed. It may contain secrets.
 */
export class KeptOnDisk {
  readonly #path: string;
  readonly #values: Map<string, object>;
  /** Another process of this node runs, and has the file. */
  readonly #isForeign: boolean;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, { values, isForeign }: { values: Map<string, object>; isForeign: boolean }) {
    this.#path = path;
    this.#values = values;
    this.#isForeign = isForeign;
  }

  /**
   * Reads the values of a process that was killed since the machine was started. A file that others could have written or
   * read is not used.
   */
  static async open({ directory, node }: KeptOnDiskOptions): Promise<KeptOnDisk> {
    const name = createHash('sha256').update(resolve(node)).digest('hex').slice(0, 16);
    const path = join(directory, `kept-${name}.json`);
    const file = await read(path).catch(() => null);
    const isForeign = file !== null && file.owner.pid !== process.pid && isAlive(file.owner);
    const values = file && !isForeign && bootOf(file.owner) === bootOf(ownRecord()) ? file.values : [];
    return new KeptOnDisk(path, { values: new Map(values), isForeign });
  }

  get values(): ReadonlyMap<string, object> {
    return this.#values;
  }

  /** Writes a value, after those that are being written. Failures are logged: then there is one restart less to survive. */
  set(key: string, value: object, logger: Pick<Logger, 'warn'>): void {
    this.#values.set(key, value);
    if (this.#isForeign) return;
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch(({ message }: Error) => {
        logger.warn(`the last good configuration cannot be kept on disk: ${message}`);
      });
  }

  /** The process ends by itself: none that is started later is to use the values. */
  async remove(): Promise<void> {
    await this.#writing;
    if (!this.#isForeign) await rm(this.#path, { force: true });
  }

  async #write(): Promise<void> {
    await makeOwnDirectory(dirname(this.#path));
    const unfinished = `${this.#path}.${process.pid}`;
    const file: File = { owner: ownRecord(), values: [...this.#values] };
    await rm(unfinished, { force: true });
    await writeFile(unfinished, JSON.stringify(file), { mode: 0o600, flag: 'wx' });
    await rename(unfinished, this.#path);
  }
}

/** @returns null if it is not ours alone */
async function read(path: string): Promise<File | null> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    const isOurs = stat.isFile() && stat.uid === process.getuid?.() && (stat.mode & OTHERS) === 0;
    return isOurs ? fileSchema.parse(JSON.parse(await handle.readFile('utf8'))) : null;
  } finally {
    await handle.close();
  }
}

function ownRecord(): File['owner'] {
  return recordOf(process.pid) ?? { pid: process.pid, startTime: '' };
}

function bootOf({ startTime }: File['owner']): string {
  return startTime.split('/')[0] ?? '';
}
