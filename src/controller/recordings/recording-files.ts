import { access, constants, type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { RECORDING_NAME } from '../../conference/command-line/words.ts';
import { RECORDING_FORMATS, type RecordingFormat, secondsOf, splitFile } from '../../recordings/recording.ts';
import { withTimeout } from '../../timing/with-timeout.ts';
import { ControllerError } from '../errors/controller-error.ts';

/** The names that callers have said lie there until their conference ends. */
const SPOKEN_NAMES = join('rostrum', 'names');
/** So much of a file is read at once. */
const CHUNK_BYTES = 65_536;

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

export type RecordingFilesOptions = {
  readonly directory: string;
  /** A disk that does not answer for so long is given up. */
  readonly withinMs?: number;
};

/**
 * The files in Asterisk's directory of recordings. All methods reject with a ControllerError `not-possible` if the directory
 * cannot be read, or does not answer, as on a network disk that hangs.
 */
export class RecordingFiles {
  readonly directory: string;
  readonly #withinMs: number;
  /** One question at a time, since each takes one of few threads, and keeps it while the disk hangs. */
  #last: Promise<void> = Promise.resolve();
  #isHanging = false;

  constructor({ directory, withinMs = 5000 }: RecordingFilesOptions) {
    this.directory = directory;
    this.#withinMs = withinMs;
  }

  /** The files of all recordings. Directories below that this user may not read are left out. */
  async names(): Promise<string[]> {
    const found: string[] = [];
    const directories = [''];
    for (const directory of directories) {
      for (const entry of await this.#entries(directory)) {
        const path = join(directory, entry.name);
        if (entry.isFile() && partsOf(path)) found.push(path);
        else if (entry.isDirectory() && path !== SPOKEN_NAMES && RECORDING_NAME.test(path)) directories.push(path);
      }
    }
    return found;
  }

  /** @returns null if there is no such file although its directory can be read, or it is none of a recording */
  async look(file: string): Promise<RecordingFile | null> {
    const parts = partsOf(file);
    if (!parts) return null;
    const found = await this.#ask(() => stat(join(this.directory, file)).catch(absent));
    if (!found) await this.ensureThere();
    if (!found?.isFile()) return null;
    const { size: bytes, mtimeMs: writtenAtMs } = found;
    return { file, ...parts, bytes, seconds: secondsOf(parts.format, bytes), writtenAtMs };
  }

  /** A recording by its file, or by its name without format: then the one that was written last. @returns null for none */
  async find(text: string): Promise<RecordingFile | null> {
    const named = await this.look(text);
    if (named) return named;
    let newest: RecordingFile | null = null;
    for (const format of RECORDING_FORMATS) {
      const found = await this.look(`${text}.${format}`);
      if (found && found.writtenAtMs > (newest?.writtenAtMs ?? 0)) newest = found;
    }
    return newest;
  }

  /** Resolves if the directory is there and can be read: then a file that is not found in it is gone. */
  ensureThere(): Promise<void> {
    return this.#ask(() => access(this.directory, constants.R_OK | constants.X_OK));
  }

  /** The content of a file. Rejects with a ControllerError `no-such-recording`, too. */
  async read({ file }: Pick<RecordingFile, 'file'>): Promise<RecordingContent> {
    const path = join(this.directory, file);
    const inside = await this.#ask(() => realpath(this.directory));
    const real = await this.#ask(() => realpath(path).catch(absent));
    // A link may lead out of the directory.
    if (!real?.startsWith(`${inside}${sep}`)) throw noSuchRecording(file);
    const handle = await this.#ask(
      () => open(real, 'r'),
      (late) => void late.close(),
    );
    // One that is being made grows meanwhile.
    const { size } = await this.#ask(() => handle.stat());
    const content = Readable.from(this.#chunks(handle, size), { objectMode: false });
    content.once('close', () => void handle.close().catch(() => {}));
    return { file, content, bytes: size };
  }

  async *#chunks(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < size; ) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
      const { bytesRead } = await this.#ask(() => handle.read(chunk, 0, chunk.length, at));
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  /** @param directory below that of recordings; the empty text for itself */
  #entries(directory: string) {
    const read = () => readdir(join(this.directory, directory), { withFileTypes: true });
    const closed = (error: NodeJS.ErrnoException) => (error.code === 'EACCES' ? [] : (absent(error) ?? []));
    return this.#ask(() => (directory === '' ? read() : read().catch(closed)));
  }

  /** Asks the disk. @param discard what to do with an answer that comes when nobody waits any more */
  async #ask<T>(question: () => Promise<T>, discard: (late: T) => void = () => {}): Promise<T> {
    if (this.#isHanging) throw this.#hanging();
    let isLate = false;
    const answer = this.#last.then(() => {
      if (isLate) throw this.#hanging();
      return question();
    });
    const isOver = (): void => {
      this.#isHanging = false;
    };
    this.#last = answer.then(isOver, isOver);
    return withTimeout(answer, this.#withinMs, () => {
      isLate = true;
      this.#isHanging = true;
      answer.then(discard, () => {});
      throw this.#hanging();
    }).catch((cause) => {
      if (cause instanceof ControllerError) throw cause;
      const path = cause.path ?? this.directory;
      const message = `recordings: ${path} cannot be read (${cause.code}): correct asterisk.recordings or its rights`;
      throw new ControllerError('not-possible', message, { cause });
    });
  }

  #hanging(): ControllerError {
    const message = `recordings: ${this.directory} has not answered for ${this.#withinMs / 1000} s: see to its disk, or to the host that has it`;
    return new ControllerError('not-possible', message);
  }
}

export function noSuchRecording(file: string): ControllerError {
  return new ControllerError(
    'no-such-recording',
    `no recording "${file}" on this node; "rostrum recordings list" shows those of all nodes`,
  );
}

/** @returns null for a file that is none of a recording */
function partsOf(file: string): ReturnType<typeof splitFile> {
  const parts = splitFile(file);
  return parts && RECORDING_NAME.test(parts.name) ? parts : null;
}

/** A name that is too long is that of no file. */
function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ENAMETOOLONG') return null;
  throw error;
}
