import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAlive, type ProcessRecord } from '../src/process/process-record.ts';

/** The process of an {@link AsteriskInstance}: launching it, talking to it, and what is kept on disk to find it again. */

/** User of ARI, as in asterisk-config/ari.conf. */
export const ARI_USERNAME = 'rostrum';

const CONSOLE_TIMEOUT_MS = 30_000;
const CONSOLE_MAX_BYTES = 64 << 20;
const LOG_LINES_IN_ERRORS = 15;

/** What must be known of a running instance to take it over; kept in `instance.json`, readable by the owner only. */
export interface InstanceRecord extends ProcessRecord {
  readonly bindAddress: string;
  readonly sipPort: number;
  readonly ariAddress: string;
  readonly ariPort: number;
  readonly ariPassword: string;
  /** The words that run Asterisk. */
  readonly command: readonly string[];
}

/** The record of the instance in a directory, if it is still alive. */
export async function readRecord(directory: string): Promise<InstanceRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(recordPath(directory), 'utf8')) as InstanceRecord;
    return isAlive(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

export function writeRecord(directory: string, record: InstanceRecord): Promise<void> {
  return writeFile(recordPath(directory), JSON.stringify(record), { mode: 0o600 });
}

/** Removes what says that an instance runs, and what Asterisk leaves behind when it is killed. */
export async function removeTraces(directory: string): Promise<void> {
  for (const left of [
    recordPath(directory),
    join(directory, 'run/asterisk.ctl'),
    join(directory, 'run/asterisk.pid'),
  ]) {
    await rm(left, { force: true });
  }
}

/**
 * Launches Asterisk with the configuration in `etc` of the directory; its output goes to `log/output.log`.
 * @param command the words that run Asterisk
 * @param options `detached`: it goes on when this process ends; otherwise it ends with it
 */
export async function launchAsterisk(
  directory: string,
  command: readonly string[],
  options: { readonly detached: boolean },
): Promise<ChildProcess> {
  const [program = '', ...words] = command;
  const output = await open(join(directory, 'log', 'output.log'), 'w', 0o600);
  try {
    // A process group of its own: Ctrl-C in a terminal must reach the owner first, who then stops Asterisk in order.
    const child = spawn(program, [...words, ...argumentsFor(directory), '-f'], {
      cwd: directory,
      env: environment(directory),
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    await once(child, 'spawn');
    if (options.detached) {
      child.unref();
    } else {
      const killWithUs = () => child.kill('SIGKILL');
      process.once('exit', killWithUs);
      child.once('exit', () => process.off('exit', killWithUs));
    }
    return child;
  } finally {
    await output.close();
  }
}

/** Runs a command on Asterisk's console, and returns what it prints. */
export async function runOnConsole(directory: string, command: readonly string[], line: string): Promise<string> {
  const [program = '', ...words] = command;
  const options = { timeout: CONSOLE_TIMEOUT_MS, maxBuffer: CONSOLE_MAX_BYTES, env: environment(directory) };
  const { stdout } = await promisify(execFile)(program, [...words, ...argumentsFor(directory), '-rx', line], options);
  return stdout;
}

/** The HTTP status with which ARI answers a request; undefined if it does not answer in time. */
export function statusOfAri(record: InstanceRecord, timeoutMs: number): Promise<number | undefined> {
  const auth = `${ARI_USERNAME}:${record.ariPassword}`;
  const url = `http://${record.ariAddress}:${record.ariPort}/ari/asterisk/info?only=status`;
  return new Promise((done) => {
    const request = get(url, { auth, agent: false }, (response) => {
      response.resume();
      done(response.statusCode);
    });
    request.setTimeout(Math.max(1, timeoutMs), () => request.destroy());
    request.once('error', () => done(undefined));
    request.once('close', () => done(undefined));
  });
}

/** What Asterisk said last, to be put behind an error message. */
export async function lastLines(directory: string): Promise<string> {
  const paths = ['output.log', 'messages.log'].map((name) => join(directory, 'log', name));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  const lines = texts.flatMap((text) => text.trimEnd().split('\n').slice(-LOG_LINES_IN_ERRORS));
  return `:\n${lines.filter((line) => line !== '').join('\n')}`;
}

function recordPath(directory: string): string {
  return join(directory, 'instance.json');
}

function argumentsFor(directory: string): string[] {
  return ['-C', join(directory, 'etc', 'asterisk.conf')];
}

/** HOME, so that the console leaves no history in the user's. MALLOC_ARENA_MAX: see asterisk-config/asterisk.conf. */
function environment(directory: string): NodeJS.ProcessEnv {
  return { ...process.env, HOME: directory, MALLOC_ARENA_MAX: '2' };
}
