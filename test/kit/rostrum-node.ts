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
import { freePort } from '../../scripts/machine.ts';
import { ApiClient } from '../../src/api/client.ts';
import type { ConferenceView, MemberView, StatusView } from '../../src/api/schemas.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = join(REPOSITORY, 'dist/cli/main.js');
const READY_TIMEOUT_MS = 15_000;

export type RostrumNodeOptions = {
  /** A loopback address that no other node of the same run uses. */
  bindAddress: string;
  extra?: ExtraConfiguration;
  /** Keys of the conference profile `default` that differ from the repository's. */
  profile?: Record<string, unknown>;
};

/** A complete node as an operator runs it: Asterisk, and `rostrum start` with a configuration of its own. */
export class RostrumNode {
  readonly asterisk: AsteriskInstance;
  readonly directory: string;
  readonly api: ApiClient;
  readonly #bindAddress: string;
  readonly #profile: Record<string, unknown>;
  #process: ChildProcess | null = null;

  private constructor(directory: string, ports: { sipPort: number; ariPort: number }, options: RostrumNodeOptions) {
    this.directory = directory;
    this.#bindAddress = options.bindAddress;
    this.#profile = options.profile ?? {};
    this.asterisk = new AsteriskInstance({
      directory: join(directory, 'asterisk'),
      bindAddress: options.bindAddress,
      ...ports,
      ariPassword: randomUUID(),
      ...(options.extra && { extra: options.extra }),
    });
    this.api = new ApiClient({ socketPath: this.socketPath });
  }

  static async start(options: RostrumNodeOptions): Promise<RostrumNode> {
    // Given here, so that a restart of Asterisk keeps them, as on a real host.
    const ports = { sipPort: await freePort(options.bindAddress), ariPort: await freePort(options.bindAddress) };
    const node = new RostrumNode(await mkdtemp(join(tmpdir(), 'rostrum-test-')), ports, options);
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

  get server(): { host: string; port: number } {
    return { host: this.#bindAddress, port: this.asterisk.sipPort };
  }

  /** Starts `rostrum start` and waits until it is connected to Asterisk. */
  async startRostrum(): Promise<void> {
    const { ariUrl, ariPassword } = this.asterisk;
    const profiles = join(this.directory, 'profiles');
    await cp(join(REPOSITORY, 'profiles'), profiles, { recursive: true });
    const standard = parse(await readFile(join(profiles, 'default.yaml'), 'utf8')) as object;
    await writeFile(join(profiles, 'default.yaml'), stringify({ ...standard, ...this.#profile }));
    const passwordFile = join(this.directory, 'ari-password');
    await writeFile(passwordFile, ariPassword, { mode: 0o600 });
    await writeFile(
      this.configPath,
      stringify({
        asterisk: { url: ariUrl, passwordFile },
        profiles,
        api: { socket: this.socketPath },
      }),
    );
    this.#process = this.#spawn(['start', '--config', this.configPath]);
    await this.waitUntilConnected();
  }

  async waitUntilConnected(): Promise<StatusView> {
    for (const startedMs = performance.now(); performance.now() - startedMs < READY_TIMEOUT_MS; await sleep(20)) {
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

  /** The controller's process id; it changes when the controller is restarted. */
  async controllerPid(): Promise<number> {
    return (await this.api.get<StatusView>('/status')).pid;
  }

  /** The process id of `rostrum start`. */
  get supervisorPid(): number {
    return this.#process?.pid ?? 0;
  }

  show(conference: string): Promise<ConferenceView> {
    return this.api.get(`/conferences/${conference}`);
  }

  /** The member whose caller has this number. */
  async member(conference: string, callerNumber: string): Promise<MemberView> {
    const { members } = await this.show(conference);
    const member = members.find(({ caller }) => caller.number === callerNumber);
    if (!member) throw new Error(`no caller ${callerNumber} in ${conference}: ${JSON.stringify(members)}`);
    return member;
  }

  /** Waits until the conference has so many members who are in. */
  async waitForMembers(conference: string, count: number, timeoutMs = 10_000): Promise<ConferenceView> {
    let last: ConferenceView | null = null;
    for (const startedMs = performance.now(); performance.now() - startedMs < timeoutMs; await sleep(20)) {
      last = await this.show(conference).catch(() => null);
      const present = last?.members.filter(({ presence }) => presence === 'present').length ?? 0;
      if (last && present === count && last.members.length === count) return last;
    }
    throw new Error(`${conference} did not come to ${count} members: ${JSON.stringify(last)}\n${await this.log()}`);
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

  /** What `rostrum start` has logged. */
  log(): Promise<string> {
    return readFile(join(this.directory, 'rostrum.log'), 'utf8').catch(() => '');
  }

  #spawn(args: string[]): ChildProcess {
    const log = openSync(join(this.directory, 'rostrum.log'), 'a');
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', log, log] });
    closeSync(log);
    return child;
  }
}
