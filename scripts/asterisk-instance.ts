import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nameResolves } from '../src/doctor/facts/host.ts';
import { isAlive, recordOf, signalProcess } from '../src/process/process-record.ts';
import { adaptToInstance, enableTemplate, type InstanceSettings, setOption } from './asterisk-conf.ts';
import {
  ARI_USERNAME,
  type InstanceRecord,
  lastLines,
  launchAsterisk,
  readRecord,
  removeTraces,
  runOnConsole,
  statusOfAri,
  writeRecord,
} from './asterisk-process.ts';
import { type AsteriskProgram, findAsterisk } from './debian-root.ts';
import { freePort, hardLimitOfFiles, mediaAddressOf, phoneAddressOf } from './machine.ts';

const CONFIGURATION = fileURLToPath(new URL('../asterisk-config/', import.meta.url));
/** What `sun_path` holds, less the terminating zero. */
const UNIX_SOCKET_PATH_BYTES = 107;
const POLL_MS = 25;

/** Changes to asterisk-config/ beyond what an instance needs anyhow. */
export interface ExtraConfiguration {
  /** File name to content: new files, or other content for those there are. */
  readonly write?: Readonly<Record<string, string>>;
  /** File name to text that is put at its end, such as more `load = ...` for modules.conf. */
  readonly append?: Readonly<Record<string, string>>;
  /** Sections that are only templates, and are to count. */
  readonly enable?: readonly (readonly [file: string, section: string])[];
  /** Options that get another value, such as `['pjsip.conf', 'caller', 'direct_media', 'yes']`. */
  readonly set?: readonly (readonly [file: string, section: string, key: string, value: string])[];
}

export interface AsteriskInstanceOptions {
  /** Belongs to the instance: all that Asterisk reads and writes is in it. Made if missing, not removed. */
  readonly directory: string;
  /** Of SIP. Instances next to each other take a loopback address each, such as `127.0.1.1`. */
  readonly bindAddress: string;
  /** For error messages. */
  readonly name?: string;
  /** SIP over UDP and TCP. Without it, a port that is free now. */
  readonly sipPort?: number;
  /** Without it, `bindAddress`. */
  readonly ariAddress?: string;
  /** Without it, a port that is free now. */
  readonly ariPort?: number;
  /** Without it, one made of 24 random bytes. */
  readonly ariPassword?: string;
  readonly rtpPorts?: { readonly start: number; readonly end: number };
  /** As `InstanceSettings.trusted`. Without it, the phones of this machine. */
  readonly trusted?: InstanceSettings['trusted'];
  readonly extra?: ExtraConfiguration;
  /** Asterisk goes on when this process ends; stop it later with {@link AsteriskInstance.attach}. */
  readonly detached?: boolean;
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}

export class AsteriskInstanceError extends Error {
  override readonly name = 'AsteriskInstanceError';
  readonly code: 'ALREADY_RUNNING' | 'NOT_RUNNING' | 'PATH_TOO_LONG' | 'ENDED_EARLY' | 'START_TIMED_OUT';

  constructor(code: AsteriskInstanceError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

type Process =
  | { readonly state: 'stopped' }
  | { readonly state: 'child'; readonly child: ChildProcess; readonly record: InstanceRecord }
  | { readonly state: 'attached'; readonly record: InstanceRecord };

/**
 * An Asterisk of one's own, with Rostrum's configuration, next to any other Asterisk on the machine: own directories,
 * address, ports and password. Needs no root rights, and touches no process but the one it started.
 */
export class AsteriskInstance {
  /** User of ARI, as in asterisk-config/ari.conf. */
  readonly ariUsername = ARI_USERNAME;
  readonly directory: string;
  /** Warnings and errors, as Asterisk logs them. */
  readonly logPath: string;
  readonly #options: AsteriskInstanceOptions;
  #process: Process = { state: 'stopped' };
  /** start() and stop() run one after the other, in the order of the calls. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: AsteriskInstanceOptions) {
    this.#options = options;
    this.directory = resolve(options.directory);
    this.logPath = join(this.directory, 'log', 'messages.log');
  }

  /** Takes over an instance that a process that has ended meanwhile started with `detached`. */
  static async attach(directory: string): Promise<AsteriskInstance> {
    const record = await readRecord(resolve(directory));
    if (!record) throw new AsteriskInstanceError('NOT_RUNNING', `no Asterisk runs in ${directory}`);
    const instance = new AsteriskInstance({ directory, bindAddress: record.bindAddress, detached: true });
    instance.#process = { state: 'attached', record };
    return instance;
  }

  get pid(): number {
    return this.#record.pid;
  }

  /** Without a path: ARI is below it at `/ari`. */
  get ariUrl(): string {
    return `http://${this.#record.ariAddress}:${this.#record.ariPort}`;
  }

  get ariPassword(): string {
    return this.#record.ariPassword;
  }

  get sipAddress(): string {
    return this.#record.bindAddress;
  }

  get sipPort(): number {
    return this.#record.sipPort;
  }

  /**
   * Starts Asterisk and waits until it has loaded everything and ARI answers.
   *
   * @throws AsteriskInstanceError with the last lines of the log
   */
  start(): Promise<void> {
    return this.#enqueue(() => this.#start());
  }

  /** Ends Asterisk, if need be by force after the time-out. */
  stop(): Promise<void> {
    return this.#enqueue(() => this.#stop());
  }

  /** Sends a signal to Asterisk, and to nothing else; to nobody if it has ended. */
  kill(signal: NodeJS.Signals): void {
    signalProcess(this.#record, signal);
  }

  /** Runs a command on Asterisk's console, and returns what it prints. */
  async cli(command: string): Promise<string> {
    return runOnConsole(this.directory, this.#record.command, command);
  }

  get #record(): InstanceRecord {
    if (this.#process.state === 'stopped') throw this.#error('NOT_RUNNING', 'is not running');
    return this.#process.record;
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(step);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #start(): Promise<void> {
    if (this.#process.state !== 'stopped') {
      if (isAlive(this.#process.record)) return;
      // Killed meanwhile: until it has gone altogether, its console socket answers, and a new Asterisk would give up.
      await this.#stop();
    }
    const other = await readRecord(this.directory);
    if (other) throw this.#error('ALREADY_RUNNING', `runs already in ${this.directory}, process ${other.pid}`);
    const controlSocket = join(this.directory, 'run', 'asterisk.ctl');
    if (Buffer.byteLength(controlSocket) > UNIX_SOCKET_PATH_BYTES) {
      throw this.#error('PATH_TOO_LONG', `needs a shorter directory: ${controlSocket} is too long for a socket`);
    }
    if (!(await nameResolves())) {
      process.emitWarning(
        `this machine does not know its own name, ${hostname()}: Asterisk asks the DNS at each call. Add it to /etc/hosts`,
      );
    }
    const program = await findAsterisk();
    const configured = await this.#writeConfiguration(program);
    const child = await launchAsterisk(this.directory, program.command, { detached: this.#options.detached ?? false });
    const { pid = 0 } = child;
    // One that has ended already has no start time; waiting for it then says why it ended.
    const record = { ...configured, pid, startTime: recordOf(pid)?.startTime ?? '', command: program.command };
    this.#process = { state: 'child', child, record };
    try {
      await writeRecord(this.directory, record);
      await this.#waitUntilReady(child);
    } catch (error) {
      await this.#stop();
      throw error;
    }
  }

  async #writeConfiguration(program: AsteriskProgram): Promise<Omit<InstanceRecord, 'pid' | 'startTime' | 'command'>> {
    const {
      bindAddress,
      ariAddress = bindAddress,
      extra = {},
      rtpPorts = { start: 10_000, end: 30_000 },
    } = this.#options;
    const own = (name: string) => join(this.directory, name);
    const writable = ['etc', 'lib', 'db', 'keys', 'spool', 'run', 'log', 'cache'];
    for (const name of writable) await mkdir(own(name), { recursive: true, mode: 0o700 });
    // Places where ARI stores recordings; Asterisk does not make them.
    await mkdir(own('spool/recording'), { recursive: true });
    const settings = {
      bindAddress,
      sipPort: this.#options.sipPort ?? (await freePort(bindAddress)),
      ariAddress,
      ariPort: this.#options.ariPort ?? (await freePort(ariAddress)),
      ariPassword: this.#options.ariPassword ?? randomBytes(24).toString('hex'),
      phoneAddress: phoneAddressOf(bindAddress),
      mediaAddress: mediaAddressOf(bindAddress),
      trusted: this.#options.trusted ?? phonesOfThisMachine(bindAddress),
      rtpPorts,
      maxFiles: Math.min(200_000, await hardLimitOfFiles()),
      directories: {
        astetcdir: own('etc'),
        astmoddir: program.moduleDir,
        astvarlibdir: own('lib'),
        astdbdir: own('db'),
        astkeydir: own('keys'),
        astdatadir: program.dataDir,
        astagidir: join(program.dataDir, 'agi-bin'),
        astspooldir: own('spool'),
        astrundir: own('run'),
        astlogdir: own('log'),
        astcachedir: own('cache'),
      },
    };
    const files = new Map<string, string>();
    for (const file of await readdir(CONFIGURATION)) {
      if (!file.endsWith('.conf')) continue;
      files.set(file, adaptToInstance(file, await readFile(join(CONFIGURATION, file), 'utf8'), settings));
    }
    for (const [file, text] of Object.entries(extra.write ?? {})) files.set(file, text);
    for (const [file, section] of extra.enable ?? []) files.set(file, enableTemplate(files.get(file) ?? '', section));
    for (const [file, section, key, value] of extra.set ?? []) {
      files.set(file, setOption(files.get(file) ?? '', section, key, value));
    }
    for (const [file, text] of Object.entries(extra.append ?? {})) {
      files.set(file, `${files.get(file) ?? ''}\n${text}\n`);
    }
    for (const [file, text] of files) await writeFile(own(join('etc', file)), text, { mode: 0o600 });
    return settings;
  }

  async #waitUntilReady(child: ChildProcess): Promise<void> {
    const { startTimeoutMs = 30_000 } = this.#options;
    const deadline = Date.now() + startTimeoutMs;
    while (Date.now() < deadline) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw this.#error(
          'ENDED_EARLY',
          `ended at once (${child.exitCode ?? child.signalCode})${await lastLines(this.directory)}`,
        );
      }
      if ((await statusOfAri(this.#record, deadline - Date.now())) === 200) {
        // ARI answers while other modules are still being loaded.
        if ((await this.cli('core waitfullybooted').catch(() => '')).includes('fully booted')) return;
      }
      await sleep(POLL_MS);
    }
    throw this.#error('START_TIMED_OUT', `was not ready after ${startTimeoutMs} ms${await lastLines(this.directory)}`);
  }

  async #stop(): Promise<void> {
    if (this.#process.state === 'stopped') return;
    const { record } = this.#process;
    const deadline = Date.now() + (this.#options.stopTimeoutMs ?? 10_000);
    signalProcess(record, 'SIGTERM');
    while (this.#isRunning() && Date.now() < deadline) await sleep(POLL_MS);
    if (this.#isRunning()) signalProcess(record, 'SIGKILL');
    while (this.#isRunning()) await sleep(POLL_MS);
    this.#process = { state: 'stopped' };
    await removeTraces(this.directory);
  }

  /** A child that has ended is a zombie, so still in /proc, until Node has fetched its exit code. */
  #isRunning(): boolean {
    const current = this.#process;
    if (current.state === 'stopped') return false;
    if (current.state === 'child') return current.child.exitCode === null && current.child.signalCode === null;
    return isAlive(current.record);
  }

  #error(code: AsteriskInstanceError['code'], message: string): AsteriskInstanceError {
    return new AsteriskInstanceError(code, `Asterisk ${this.#options.name ?? this.#options.bindAddress} ${message}`);
  }
}

/** Where phones of this machine call from: nobody else can call an Asterisk that is on loopback. */
function phonesOfThisMachine(bindAddress: string): InstanceSettings['trusted'] {
  if (bindAddress.startsWith('127.')) return 'all';
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [
    '127.0.0.0/8',
    ...own.flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? address : [])),
  ];
}
