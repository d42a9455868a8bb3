import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseYaml } from '../yaml/yaml-document.ts';
import { ConfigError } from './errors.ts';
import { nodeConfigSchema } from './node-config.ts';

/** As `readConfig` looks for it. */
const CONFIG_FILES = ['rostrum.yaml', '/etc/rostrum/rostrum.yaml'];

/**
 * Finds the node's directory of profiles, for which no password is needed: the one in rostrum.yaml, else `./profiles`.
 * @param config the file to read; without it ROSTRUM_CONFIG, then those that `readConfig` looks for
 * @throws ConfigError if the file is wrong, or is named and cannot be read
 */
export async function findProfileDirectory(config: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  const named = config ?? env['ROSTRUM_CONFIG'];
  for (const path of named ? [named] : CONFIG_FILES) {
    const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT' && !named) return null;
      throw new ConfigError(`${path}: cannot be read (${cause.code})`, { cause });
    });
    if (text === null) continue;
    const parsed = parseYaml(nodeConfigSchema, text, path);
    if (!parsed.ok) throw ConfigError.of(parsed.problems);
    return resolve(dirname(path), parsed.value.profiles);
  }
  return resolve('profiles');
}
