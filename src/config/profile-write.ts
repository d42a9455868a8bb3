import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from './errors.ts';

/** A name beside a file that readers of profiles leave alone, and that nobody else has. */
export function hiddenBeside(path: string, suffix: string): string {
  return join(dirname(path), `.${basename(path, '.yaml')}.${randomBytes(6).toString('hex')}${suffix}`);
}

/**
 * Replaces the content of a file in one step: a reader sees the old or the new one, whatever happens meanwhile, a
 * loss of power included. Mode and, where possible, owner stay; a symbolic link stays one.
 * @throws ConfigError if the file cannot be written; it is then as it was
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  let temporary: string | null = null;
  try {
    const target = await realpath(path);
    const { mode, uid, gid } = await stat(target);
    const beside = hiddenBeside(target, '.tmp');
    const file = await open(beside, 'wx', 0o600);
    temporary = beside;
    await writeThrough(file, async () => {
      await file.chown(uid, gid).catch(() => {});
      await file.chmod(mode & 0o7777);
      await file.writeFile(text);
    });
    await rename(beside, target);
    temporary = null;
    await writeThrough(await open(dirname(target), 'r'), async () => {});
  } catch (cause) {
    if (temporary) await unlink(temporary).catch(() => {});
    throw new ConfigError(`${path}: cannot be written (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

async function writeThrough(file: FileHandle, write: () => Promise<void>): Promise<void> {
  try {
    await write();
    await file.sync();
  } finally {
    await file.close();
  }
}
