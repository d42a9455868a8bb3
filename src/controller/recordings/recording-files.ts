import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { RECORDING_NAME } from '../../conference/command-line/words.ts';
import { RECORDING_FORMATS, type RecordingFormat, secondsOf, splitFile } from '../../recordings/recording.ts';
import { ControllerError } from '../errors/controller-error.ts';

/** What callers have said as their names lies there until their conference ends. */
const SPOKEN_NAMES = `rostrum${sep}names${sep}`;
/** More are not listed. */
const MOST_FILES = 20_000;

/** A file of a recording as it is on the disk. */
export type RecordingFile = {
  /** Below the directory. */
  readonly file: string;
  readonly name: string;
  readonly format: RecordingFormat;
  readonly bytes: number;
  /** How long the sound is. */
  readonly seconds: number;
  /** When it was last written to, by the wall clock. */
  readonly writtenAtMs: number;
};

export type RecordingContent = { readonly file: string; readonly content: Readable; readonly bytes: number };

/** The files in Asterisk's directory of recordings. */
export class RecordingFiles {
  readonly directory: string;

  constructor({ directory }: { directory: string }) {
    this.directory = directory;
  }

  /** All of them, the newest first. Rejects with a ControllerError `not-possible` if the directory cannot be read. */
  async list(): Promise<RecordingFile[]> {
    const found: RecordingFile[] = [];
    for (const file of (await this.#paths()).slice(0, MOST_FILES)) {
      const read = await this.#read(file).catch(() => null);
      if (read) found.push(read);
    }
    return found.sort((a, b) => b.writtenAtMs - a.writtenAtMs);
  }

  /**
   * A recording by its file, or by its name without format: then the one that was written last.
   * @returns null if there is none, or the text is no name of a recording; rejects with errors of the file system
   */
  async find(text: string): Promise<RecordingFile | null> {
    if (!RECORDING_NAME.test(text)) return null;
    const named = splitFile(text) ? await this.#read(text).catch(absent) : null;
    if (named) return named;
    const files = await Promise.all(RECORDING_FORMATS.map((format) => this.#read(`${text}.${format}`).catch(absent)));
    const there = files.filter((file) => file !== null);
    return there.sort((a, b) => b.writtenAtMs - a.writtenAtMs)[0] ?? null;
  }

  /** The content of a file. Rejects with a ControllerError `no-such-recording` or `not-possible`. */
  async read({ file }: Pick<RecordingFile, 'file'>): Promise<RecordingContent> {
    const path = join(this.directory, file);
    // A link may lead out of the directory.
    const [inside, real] = await Promise.all([realpath(this.directory), realpath(path)]).catch(() => ['', '']);
    if (inside === '' || !real?.startsWith(`${inside}${sep}`)) throw noSuchRecording(file);
    const handle = await open(real, 'r').catch((cause: NodeJS.ErrnoException) => {
      throw new ControllerError('not-possible', `${path} cannot be read (${cause.code})`, { cause });
    });
    const { size } = await handle.stat();
    // One that is being made grows meanwhile.
    const content = size === 0 ? Readable.from([]) : handle.createReadStream({ end: size - 1 });
    if (size === 0) await handle.close();
    return { file, content, bytes: size };
  }

  /** @returns null for what is no file of a recording; rejects with errors of the file system */
  async #read(file: string): Promise<RecordingFile | null> {
    const parts = splitFile(file);
    if (!parts) return null;
    const found = await stat(join(this.directory, file));
    if (!found.isFile()) return null;
    const { size: bytes, mtimeMs: writtenAtMs } = found;
    return { file, ...parts, bytes, seconds: secondsOf(parts.format, bytes), writtenAtMs };
  }

  async #paths(): Promise<string[]> {
    try {
      const entries = await readdir(this.directory, { recursive: true, withFileTypes: true });
      const paths = entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(this.directory, join(entry.parentPath, entry.name)));
      return paths.filter((path) => !path.startsWith(SPOKEN_NAMES) && splitFile(path) && RECORDING_NAME.test(path));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const message = `recordings: ${this.directory} cannot be read (${code}): correct asterisk.recordings or its rights`;
      throw new ControllerError('not-possible', message, { cause });
    }
  }
}

export function noSuchRecording(file: string): ControllerError {
  return new ControllerError(
    'no-such-recording',
    `no recording "${file}" on this node; "rostrum recordings list" shows those of all nodes`,
  );
}

/** A name that is too long is that of no file. */
function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ENAMETOOLONG') return null;
  throw error;
}
