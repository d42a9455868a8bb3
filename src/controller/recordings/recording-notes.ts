import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const EXTENSION = '.json';

const noteSchema = z.object({
  name: z.string(),
  conference: z.string(),
  startedAt: z.iso.datetime(),
  /** Null while it is being recorded. */
  endedAt: z.iso.datetime().nullable(),
  /** Whether the command and the webhook have heard of its end. */
  isTold: z.boolean(),
});

/** What this node knows of a recording that it has made. */
export type RecordingNote = Readonly<z.output<typeof noteSchema>>;

/** Which recordings this node has made: a small file for each of them, so that it is known after a restart too. */
export class RecordingNotes {
  readonly #directory: string | null;
  /** By name. Bounded by the recordings that there are: `RecordingKeeper` forgets those whose files are gone. */
  readonly #notes = new Map<string, RecordingNote>();

  /** @param options.directory made at the first use, in a directory that is made too; null keeps notes in memory alone */
  constructor({ directory }: { directory: string | null }) {
    this.#directory = directory;
  }

  get all(): ReadonlyMap<string, RecordingNote> {
    return this.#notes;
  }

  /** Reads the notes of earlier controllers. Rejects with errors of the file system. */
  async load(): Promise<void> {
    if (this.#directory === null) return;
    for (const file of await readdir(this.#directory).catch(absent)) {
      if (!file.endsWith(EXTENSION)) continue;
      const note = parseNote(await readFile(join(this.#directory, file), 'utf8'));
      if (note && !this.#notes.has(note.name)) this.#notes.set(note.name, note);
    }
  }

  /** Keeps a note in place of the one of the same name. Rejects if it cannot be written; it counts all the same. */
  async keep(note: RecordingNote): Promise<void> {
    this.#notes.set(note.name, note);
    if (this.#directory === null) return;
    for (const directory of [dirname(this.#directory), this.#directory]) await makeDirectory(directory);
    const path = this.#pathOf(this.#directory, note.name);
    await writeFile(`${path}.new`, JSON.stringify(note), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  async forget(name: string): Promise<void> {
    this.#notes.delete(name);
    if (this.#directory !== null) await rm(this.#pathOf(this.#directory, name), { force: true });
  }

  #pathOf(directory: string, name: string): string {
    // Names may have directories in them.
    return join(directory, `${Buffer.from(name).toString('base64url')}${EXTENSION}`);
  }
}

function parseNote(text: string): RecordingNote | null {
  try {
    return noteSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function absent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
