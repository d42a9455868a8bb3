import { readFile, stat } from 'node:fs/promises';
import { ConfigError } from './errors.ts';

/** Reads a file that holds a secret; refuses one that other users could read too. @throws ConfigError */
export async function readSecretFile(path: string): Promise<string> {
  const text = await readConfigFile(path);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new ConfigError(`${path}: other users can read this secret; run: chmod 600 ${path}`);
  }
  return text;
}

/** @throws ConfigError if it cannot be read */
export async function readConfigFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}
