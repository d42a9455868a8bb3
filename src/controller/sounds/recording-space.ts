import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ControllerError } from '../errors/controller-error.ts';

/** Asterisk writes a recording in parts of this size. With less space, nothing of it would reach the disk. */
const LEAST_BYTES = 32_768;

/**
 * Refuses a recording for which there is no space. Asterisk would begin it all the same, and leave an empty file.
 * @param directory where Asterisk has its recordings; if it is not on this host, nothing is known, and all are allowed
 * @param name the path of the recording below that, without format
 * @throws ControllerError `not-possible`
 */
export async function ensureRecordingSpace(directory: string, name: string): Promise<void> {
  const folder = dirname(join(directory, name));
  const disk = await statfs(folder).catch(() => statfs(directory).catch(() => null));
  if (!disk || disk.bavail * disk.bsize >= LEAST_BYTES) return;
  throw new ControllerError('not-possible', `the disk of the recordings is full: make space in ${folder}`);
}
