import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WAV_HEADER_BYTES } from './wav.ts';

/** One sound at the rates of Asterisk's file formats. */
export type SoundFiles = {
  /** 8000 Hz, `.wav` */
  readonly wav: Buffer;
  /** 16000 Hz, `.wav16` */
  readonly wav16: Buffer;
};

/** A sound exists when both files do. */
const EXTENSIONS = ['wav', 'wav16'] as const;
const OUR_FILE = /^([0-9a-f]{32})\.(wav|wav16)$/;
const TEMPORARY_FILE = /^[0-9a-f]{32}\.[0-9]+-[0-9]+\.tmp$/;
/** A writer is done long before this; older files were left by one that died. */
const STALE_MS = 10 * 60_000;

type Entry = { key: string; bytes: number; usedAtMs: number };

/**
 * Sounds as files in a directory, which several processes may share. A key is 32 hexadecimal digits. Other files
 * in the directory are left alone.
 */
export class SoundCache {
  readonly #directory: string;
  readonly #maxBytes: number;
  /** Bounded by the prompts, which are pinned. */
  readonly #pinned = new Set<string>();
  #written = 0;

  /** @param options.maxBytes of all files; the least recently used ones are deleted first */
  constructor(options: { directory: string; maxBytes: number }) {
    this.#directory = options.directory;
    this.#maxBytes = options.maxBytes;
  }

  /** The path without extension; null if the sound does not exist. */
  async find(key: string): Promise<string | null> {
    const path = join(this.#directory, key);
    const now = new Date();
    try {
      for (const extension of EXTENSIONS) {
        // In some file systems a file is empty after a power failure.
        if ((await stat(`${path}.${extension}`)).size <= WAV_HEADER_BYTES) return null;
        await utimes(`${path}.${extension}`, now, now);
      }
      return path;
    } catch {
      return null;
    }
  }

  /** Keeps a sound from being deleted while this process lives. */
  pin(key: string): void {
    this.#pinned.add(key);
  }

  /**
   * Writes both files, each as a whole or not at all, and makes room.
   * @returns the path without extension
   * @throws the file system's error
   */
  async store(key: string, files: SoundFiles): Promise<string> {
    await makeDirectory(this.#directory);
    const path = join(this.#directory, key);
    for (const extension of EXTENSIONS) await this.#write(key, extension, files[extension]);
    await this.#makeRoom(key);
    return path;
  }

  async #write(key: string, extension: string, content: Buffer): Promise<void> {
    this.#written += 1;
    const temporary = join(this.#directory, `${key}.${process.pid}-${this.#written}.tmp`);
    try {
      await writeFile(temporary, content, { flag: 'wx', flush: true });
      await rename(temporary, join(this.#directory, `${key}.${extension}`));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #makeRoom(newest: string): Promise<void> {
    const entries = await this.#entries();
    let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    for (const entry of entries.sort((a, b) => a.usedAtMs - b.usedAtMs)) {
      if (bytes <= this.#maxBytes) return;
      if (entry.key === newest || this.#pinned.has(entry.key)) continue;
      for (const extension of EXTENSIONS) await rm(join(this.#directory, `${entry.key}.${extension}`), { force: true });
      bytes -= entry.bytes;
    }
  }

  /** Lists the sounds; deletes files of writers that died. */
  async #entries(): Promise<Entry[]> {
    const entries = new Map<string, Entry>();
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      const found = await stat(path).catch(() => null);
      const key = OUR_FILE.exec(name)?.[1];
      if (!found) continue;
      if (TEMPORARY_FILE.test(name) && Date.now() - found.mtimeMs > STALE_MS) await rm(path, { force: true });
      if (key === undefined) continue;
      const before = entries.get(key);
      const bytes = (before?.bytes ?? 0) + found.size;
      entries.set(key, { key, bytes, usedAtMs: Math.max(before?.usedAtMs ?? 0, found.mtimeMs) });
    }
    return [...entries.values()];
  }
}

/** Like `recursive`, which never returns where a parent cannot hold directories, such as /proc. */
async function makeDirectory(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await make();
  });
}
