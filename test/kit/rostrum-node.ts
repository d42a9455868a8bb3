import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { AsteriskInstance, type ExtraConfiguration } from '../../scripts/asterisk-instance.ts';
import { findProgram } from '../../scripts/debian-root.ts';
import { freePort } from '../../scripts/machine.ts';
import { ApiClient } from '../../src/api/client.ts';
import type { ConferenceSummary, ConferenceView, MemberView, StatusView } from '../../src/api/schemas.ts';
import type { Command } from '../../src/conference/model/commands.ts';
import { PROMPT_NAMES } from '../../src/prompts/catalogue.ts';
import { ownAddress } from './loopback.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = join(REPOSITORY, 'dist/cli/main.js');
const READY_TIMEOUT_MS = 15_000;
/** The controller answers each time: oftener would take CPU from what is waited for. */
const POLL_MS = 50;

export type RostrumNodeOptions = {
  /** Without it, a loopback address of its own. */
  bindAddress?: string;
  /** Without it, a free one. */
  sipPort?: number;
  extra?: ExtraConfiguration;
  /** Addresses of phones that need no PIN, where not all are to. */
  trusted?: readonly string[];
  /** Keys of the conference profile `default` that differ from the repository's, whose prompts are silent here, and whose keys are those of mod_xconf. */
  profile?: Record<string, unknown>;
  /** More profiles, by name. */
  profiles?: Record<string, object>;
  /** The table of conferences, in YAML. */
  table?: string;
  /** Keys of rostrum.yaml besides those that a node needs. */
  config?: Record<string, unknown>;
  /** Something that is put between Rostrum and Asterisk's HTTP server. @returns its URL */
  ariThrough?: (ariUrl: string) => Promise<string>;
};

/** Keys that act alone, for tests about what they do; those of `default-keys` have a test of their own. */
const SINGLE_KEYS = { controls: 'mod-xconf-keys' };
const SINGLE_KEYS_OF_ALL = { ...SINGLE_KEYS, adminControls: 'mod-xconf-admin-keys' };

/** Nobody hears prompts, music or comfort noise, so that a test hears what it is about. */
export const SILENT = { music: 'none', prompts: Object.fromEntries(PROMPT_NAMES.map((name) => [name, 'none'])) };

type Bound = { readonly bindAddress: string; readonly sipPort: number; readonly ariPort: number };

/** What is left of a conference that has ended. */
const EMPTY = { members: [] as MemberView[] } as ConferenceView;

/** A complete node as an operator runs it: Asterisk, and `rostrum start` with a configuration of its own. */
export class RostrumNode {
  readonly asterisk: AsteriskInstance;
  readonly directory: string;
  readonly api: ApiClient;
  readonly #bindAddress: string;
  readonly #options: RostrumNodeOptions;
  #process: ChildProcess | null = null;

  private constructor(directory: string, bound: Bound, options: RostrumNodeOptions) {
    this.directory = directory;
    this.#bindAddress = bound.bindAddress;
    this.#options = options;
    this.asterisk = new AsteriskInstance({
      directory: join(directory, 'asterisk'),
      ...bound,
      ariPassword: randomUUID(),
      ...(options.extra && { extra: options.extra }),
      ...(options.trusted && { trusted: options.trusted }),
    });
    this.api = new ApiClient({ socketPath: this.socketPath });
  }

  static async start(options: RostrumNodeOptions = {}): Promise<RostrumNode> {
    const { bindAddress = ownAddress(), sipPort = await freePort(bindAddress) } = options;
    // Given here, so that a restart of Asterisk keeps them, as on a real host.
    const bound = { bindAddress, sipPort, ariPort: await freePort(bindAddress) };
    const node = new RostrumNode(await mkdtemp(join(tmpdir(), 'rostrum-test-')), bound, options);
    try {
      await node.asterisk.start();
      await node.startRostrum();
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  get socketPath(): string {
    return join(this.directory, 'rostrum.sock');
  }

  get configPath(): string {
    return join(this.directory, 'rostrum.yaml');
  }

  get tablePath(): string {
    return join(this.directory, 'conferences.yaml');
  }

  get server(): { host: string; port: number } {
    return { host: this.#bindAddress, port: this.asterisk.sipPort };
  }

  /** Starts `rostrum start` and waits until it is connected to Asterisk. */
  async startRostrum(): Promise<void> {
    const { ariUrl, ariPassword } = this.asterisk;
    const profiles = join(this.directory, 'profiles');
    const { profile, profiles: more = {}, config = {}, ariThrough = async (url: string) => url } = this.#options;
    await cp(join(REPOSITORY, 'profiles'), profiles, { recursive: true });
    const standard = parse(await readFile(join(profiles, 'default.yaml'), 'utf8')) as object;
    const silent = { sound: SILENT, audio: { comfortNoise: 0 } };
    const files = { ...more, default: { ...standard, ...SINGLE_KEYS_OF_ALL, ...silent, ...profile } };
    for (const [name, content] of Object.entries(files)) {
      const keys = 'kind' in content && content.kind === 'conference' ? SINGLE_KEYS : {};
      await writeFile(join(profiles, `${name}.yaml`), stringify({ ...keys, ...content }));
    }
    if (this.#options.table !== undefined) await writeFile(this.tablePath, this.#options.table);
    const passwordFile = join(this.directory, 'ari-password');
    await writeFile(passwordFile, ariPassword, { mode: 0o600 });
    await writeFile(
      this.configPath,
      stringify({
        asterisk: {
          url: await ariThrough(ariUrl),
          passwordFile,
          recordings: join(this.asterisk.directory, 'spool', 'recording'),
        },
        profiles,
        api: { socket: this.socketPath },
        speech: { command: await findProgram('espeak-ng'), directory: join(this.directory, 'speech') },
        reports: { directory: join(this.directory, 'reports') },
        ...config,
        ...this.#clusterConfig(config),
      }),
    );
    await this.launchRostrum();
  }

  /** Starts `rostrum start` with its files as they are, and waits until it is connected to Asterisk. */
  async launchRostrum(): Promise<void> {
    this.#process = this.#spawn(['start', '--config', this.configPath]);
    await this.waitUntilConnected();
  }

  /** Other nodes of its cluster are told where phones reach it, unless the test says something else. */
  #clusterConfig({ cluster }: Record<string, unknown>): object {
    if (cluster === undefined) return {};
    return { cluster: { sip: `sip:${this.#bindAddress}:${this.asterisk.sipPort}`, ...(cluster as object) } };
  }

  async waitUntilConnected(): Promise<StatusView> {
    for (const startedMs = performance.now(); performance.now() - startedMs < READY_TIMEOUT_MS; await sleep(POLL_MS)) {
      const status = await this.api.get<StatusView>('/status').catch(() => null);
      if (status?.asterisk.connected) return status;
    }
    throw new Error(`rostrum did not connect:\n${await this.log()}`);
  }

  async stopRostrum(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  async stop(): Promise<void> {
    await this.stopRostrum();
    await this.asterisk.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Ends everything at once, as when the machine loses its power. `restart` brings it back. */
  async kill(): Promise<void> {
    const { pid, relay } = await this.api.get<StatusView>('/status');
    const supervisor = this.#process;
    // First the one who would start the others again.
    for (const each of [this.supervisorPid, pid, relay.pid ?? 0]) kill(each);
    this.asterisk.kill('SIGKILL');
    if (supervisor && supervisor.exitCode === null && supervisor.signalCode === null) await once(supervisor, 'exit');
    this.#process = null;
  }

  /** After `kill`. */
  async restart(): Promise<void> {
    await this.asterisk.stop();
    await this.asterisk.start();
    await this.startRostrum();
  }

  /** The controller's process id; it changes when the controller is restarted. */
  async controllerPid(): Promise<number> {
    return (await this.api.get<StatusView>('/status')).pid;
  }

  /** The process id of `rostrum start`. */
  get supervisorPid(): number {
    return this.#process?.pid ?? 0;
  }

  list(): Promise<ConferenceSummary[]> {
    return this.api.get('/conferences');
  }

  show(conference: string): Promise<ConferenceView> {
    return this.api.get(`/conferences/${conference}`);
  }

  /** Executes a command; resolves when it is in force. */
  command(conference: string, command: Command): Promise<unknown> {
    return this.api.post(`/conferences/${conference}/commands`, { command });
  }

  /** The member whose caller has this number. */
  async member(conference: string, callerNumber: string): Promise<MemberView> {
    const { members } = await this.show(conference);
    const member = members.find(({ caller }) => caller.number === callerNumber);
    if (!member) throw new Error(`no caller ${callerNumber} in ${conference}: ${JSON.stringify(members)}`);
    return member;
  }

  /** Waits until the conference has so many members who are in; one that has ended has none. */
  async waitForMembers(conference: string, count: number, timeoutMs = 10_000): Promise<ConferenceView> {
    let last: ConferenceView | null = null;
    for (const startedMs = performance.now(); performance.now() - startedMs < timeoutMs; await sleep(POLL_MS)) {
      last = await this.show(conference).catch(() => null);
      if (last === null && count === 0) return EMPTY;
      const present = last?.members.filter(({ presence }) => presence === 'present').length ?? 0;
      if (last && present === count && last.members.length === count) return last;
    }
    throw new Error(`${conference} did not come to ${count} members: ${JSON.stringify(last)}\n${await this.log()}`);
  }

  /**
   * How long everybody may miss sound when the relay was killed: a second; but where the machine is slow, five times what a
   * process takes to start on it, since a relay, its threads and its sockets start anew.
   */
  async relayBackMs(): Promise<number> {
    const startMs = performance.now();
    await this.cli('status');
    return Math.max(1000, 5 * (performance.now() - startMs));
  }

  /** Runs a `rostrum` command as an operator types it. */
  async cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...process.env, ROSTRUM_SOCKET: this.socketPath },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, stdout, stderr };
  }

  /** What `rostrum start` has logged until now: its processes write their lines a moment later. */
  async log(): Promise<string> {
    await sleep(100);
    return readFile(join(this.directory, 'rostrum.log'), 'utf8').catch(() => '');
  }

  #spawn(args: string[]): ChildProcess {
    const log = openSync(join(this.directory, 'rostrum.log'), 'a');
    const env = { ...process.env, ROSTRUM_SOCKET: this.socketPath };
    const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ['ignore', log, log] });
    closeSync(log);
    return child;
  }
}

/** One that has ended already is no mistake: the others end when their supervisor does. */
function kill(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
