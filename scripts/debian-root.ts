import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A download over a slow line; the script has time-outs of its own below that. */
const MAKE_TIMEOUT_MS = 30 * 60_000;

/** A program inside a private root, see `scripts/debian-root`. */
export interface RootProgram {
  /** Name of the root, for people who look into the cache. */
  readonly name: string;
  /** Debian suite, such as `stable`. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** Path inside the root, such as `/usr/bin/sipp`. */
  readonly program: string;
}

/**
 * The words that run a program of a Debian package that need not be installed; append arguments. The root is made at
 * the first use (seconds, network) and then found in milliseconds.
 */
export async function programFromRoot({ name, suite, packages, program }: RootProgram): Promise<string[]> {
  const script = fileURLToPath(new URL('debian-root', import.meta.url));
  const { stdout } = await run(script, ['-p', program, name, suite, ...packages], { timeout: MAKE_TIMEOUT_MS });
  return stdout.trimEnd().split('\n');
}

/** An Asterisk that runs here, see `scripts/asterisk`. */
export interface AsteriskProgram {
  readonly command: readonly string[];
  /** Such as `22.10.1`. */
  readonly version: string;
  readonly moduleDir: string;
  readonly dataDir: string;
}

/** The Asterisk of this machine, or of a private root where none is installed. */
export async function findAsterisk(): Promise<AsteriskProgram> {
  const script = fileURLToPath(new URL('asterisk', import.meta.url));
  const { stdout } = await run(script, { timeout: MAKE_TIMEOUT_MS });
  const lines = stdout.trimEnd().split('\n');
  const valuesOf = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const [[moduleDir], [dataDir], [version]] = [valuesOf('modules'), valuesOf('data'), valuesOf('version')];
  if (!moduleDir || !dataDir || !version) throw new TypeError(`scripts/asterisk printed ${stdout}`);
  return { command: valuesOf('command'), version, moduleDir, dataDir };
}

/** The words that run a program of Debian, such as `espeak-ng`, see `scripts/debian-program`. */
export async function findProgram(name: string): Promise<string[]> {
  const script = fileURLToPath(new URL('debian-program', import.meta.url));
  const { stdout } = await run(script, ['--print-command', name], { timeout: MAKE_TIMEOUT_MS });
  return stdout.trimEnd().split('\n');
}
