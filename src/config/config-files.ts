import { readFile, stat } from 'node:fs/promises';
import { ConfigError } from './errors.ts';

/** The files that a configuration consists of: as they are on the disk, or as they were once. */
export class ConfigFiles {
  /** By path. Bounded by what a configuration names. */
  readonly #contents = new Map<string, string>();
  #isFormer = false;

  /** What was read, by path. */
  get contents(): Record<string, string> {
    return Object.fromEntries(this.#contents);
  }

  /** Reads files as they were then. @param contents those of other `ConfigFiles` */
  restore(contents: object): void {
    this.#contents.clear();
    for (const [path, text] of Object.entries(contents)) this.#contents.set(path, text);
    this.#isFormer = true;
  }

  async has(path: string): Promise<boolean> {
    if (this.#isFormer) return this.#contents.has(path);
    return (await stat(path).catch(() => null)) !== null;
  }

  /** @throws ConfigError if it cannot be read */
  async read(path: string): Promise<string> {
    if (this.#isFormer) return this.#contents.get(path) ?? unreadable(path, 'ENOENT');
    const text = await readFile(path, 'utf8').catch((cause) => unreadable(path, cause.code, cause));
    this.#contents.set(path, text);
    return text;
  }

  /** Reads a file that holds a secret; refuses one that other users could read too. @throws ConfigError */
  async readSecret(path: string): Promise<string> {
    const text = await this.read(path);
    if (!this.#isFormer && ((await stat(path)).mode & 0o077) !== 0)
      throw new ConfigError(`${path}: other users can read this secret; run: chmod 600 ${path}`);
    return text;
  }
}

function unreadable(path: string, code: string, cause?: unknown): never {
  throw new ConfigError(`${path}: cannot be read (${code})`, { cause });
}
