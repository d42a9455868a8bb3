import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { relative } from 'node:path';

/** The text of a file, without a byte order mark, or why there is none; `at` is 0 for the file as a whole. */
export type ReadText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly at: { line: number; column: number } };

const WHOLE = { line: 0, column: 0 };

/** Reads a file of UTF-8 text that is not larger than it may be. @returns null if it is not there (any more) */
export async function readText(path: string, maxBytes: number): Promise<ReadText | null> {
  const no = (message: string, at = WHOLE): ReadText => ({ ok: false, message, at });
  try {
    const bytes = await readBytes(path, maxBytes);
    if (typeof bytes === 'string') return no(bytes);
    const text = decode(bytes);
    return typeof text === 'string' ? { ok: true, text } : no('is not UTF-8 text', text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const gone = code === 'ENOENT' && (await lstat(path).catch(() => null)) === null;
    return gone ? null : no(`cannot be read (${code})`);
  }
}

/** The path from here, if that is shorter. */
export function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.length < path.length ? fromHere : path;
}

/** @returns the content, or why it cannot be that of a text */
async function readBytes(path: string, maxBytes: number): Promise<Buffer | string> {
  // Not blocking, because a named pipe would wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return 'is not a file';
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let bytesRead = -1; bytesRead !== 0 && length < buffer.length; length += bytesRead) {
      ({ bytesRead } = await file.read(buffer, length, buffer.length - length, length));
    }
    return length > maxBytes ? `is larger than ${maxBytes / 1024} KiB` : buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

/** @returns the text, or where the first byte stands that is not UTF-8 */
function decode(bytes: Buffer): string | { line: number; column: number } {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Bytes that cannot be decoded become U+FFFD, which is encoded as other bytes.
    const lenient = Buffer.from(bytes.toString('utf8'));
    const wrong = lenient.findIndex((byte, index) => byte !== bytes[index]);
    const lines = bytes.subarray(0, wrong).toString('utf8').split('\n');
    return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  }
}
