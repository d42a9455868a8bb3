import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { type Profiles, parseProfiles } from '../profiles/profiles.ts';
import { ConfigError } from './errors.ts';

/**
 * Reads every `*.yaml` of a directory as a profile.
 * @throws ConfigError with every mistake in all of them
 */
export async function readProfiles(directory: string): Promise<Profiles> {
  let names: string[];
  try {
    names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).sort();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ConfigError(`${directory}: the profiles cannot be read (${code})`, { cause });
  }
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      return { path: shortest(path), name: basename(name, '.yaml'), text: await readFile(path, 'utf8') };
    }),
  );
  const profiles = parseProfiles(files);
  if (Array.isArray(profiles)) throw ConfigError.of(profiles);
  return profiles as Profiles;
}

function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.length < path.length ? fromHere : path;
}
