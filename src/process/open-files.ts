import { readdir, readFile, stat } from 'node:fs/promises';
import { type OpenFiles, parseOpenFiles } from '../base/open-files.ts';

/** @param pid of a process, of any user. @returns null if there is none, or the system does not tell */
export async function readFileLimits(pid: number | 'self'): Promise<OpenFiles | null> {
  return parseOpenFiles(await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => ''));
}

/**
 * How many files a process has open. Linux 6.2 and later tell everybody, older ones only root and the same user.
 * @returns null if it is not known
 */
export async function countOpenFiles(pid: number): Promise<number | null> {
  const directory = `/proc/${pid}/fd`;
  const { size } = await stat(directory).catch(() => ({ size: 0 }));
  if (size > 0) return size;
  return readdir(directory).then(
    ({ length }) => length,
    () => null,
  );
}
