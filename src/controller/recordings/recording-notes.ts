import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { RECORDING_FORMATS } from '../../recordings/recording.ts';
import { RECORDING_HOOKS } from './recording-hooks.ts';

const EXTENSION = '.json';

const noteSchema = z.object({
  name: z.string(),
  format: z.enum(RECORDING_FORMATS),
  conference: z.string(),
  startedAt: z.iso.datetime(),
  /** Null while it is being recorded. */
  endedAt: z.iso.datetime().nullable(),
  /** The size of the file at the end; 0 until then. */
  bytes: z.number().int().min(0),
  /** The hooks that have heard of its end. */
  told: z.array(z.enum(RECORDING_HOOKS)),
});

/** The facts that this node keeps about a recording that it has made. */
export type RecordingNote = Readonly<z.output<typeof noteSchema>>;

/** The file of a recording, below the directory. */
export function fileOf({ name, format }: Pick<RecordingNote, 'name' | 'format'>): string {
  return `${name}.${format}`;
}

/** Which recordings this node has made: a small file for each of them, so that it is known after a restart too. */
export class RecordingNotes {
  readonly #directory: string | null;
  /** By name. Bounded by the recordings that there are: `RecordingKeeper` forgets those whose files are gone. */
  readonly #notes = new Map<string, RecordingNote>();
  /** One change of the files at a time. */
  #writing: Promise<void> = Promise.resolve();

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
  keep(note: RecordingNote): Promise<void> {
    this.#notes.set(note.name, note);
    return this.#write(note.name, async (path) => {
      for (const directory of [dirname(dirname(path)), dirname(path)]) await makeDirectory(directory);
      await writeFile(`${path}.new`, JSON.stringify(note), { mode: 0o600 });
      await rename(`${path}.new`, path);
    });
  }

  /** Forgets the recording of this name. Rejects if its file cannot be removed. */
  forget(name: string): Promise<void> {
    this.#notes.delete(name);
    return this.#write(name, (path) => rm(path, { force: true }));
  }

  #write(name: string, change: (path: string) => Promise<void>): Promise<void> {
    const directory = this.#directory;
    if (directory === null) return Promise.resolve();
    // Names may have directories in them.
    const path = join(directory, `${Buffer.from(name).toString('base64url')}${EXTENSION}`);
    const written = this.#writing.then(() => change(path));
    this.#writing = written.catch(() => {});
    return written;
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
