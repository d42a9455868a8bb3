import { writeFile } from 'node:fs/promises';
import { formatSecret, generateSecret } from '../../secrets/derive.ts';
import { UsageError } from '../options/errors.ts';

/**
 * `rostrum keygen [file]`: writes a new cluster secret, to a file that only its owner can read.
 * @throws UsageError if the file is there already or cannot be made
 */
export async function keygen(path: string | undefined): Promise<void> {
  const text = `${formatSecret(generateSecret())}\n`;
  if (path === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path}: ${code === 'EEXIST' ? 'is there already' : `cannot be written (${code})`}`);
  }
}
