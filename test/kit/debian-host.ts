import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebProxy } from './web-proxy.ts';

const execute = promisify(execFile);
const fileAt = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const DEBIAN_SYSTEM = fileAt('../../scripts/debian-system');
const BOOT = fileAt('debian-host-boot.sh');
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const NAME = 'rostrum-host';
const BOOT_TIMEOUT_MS = 60_000;
const POLL_MS = 200;
const MAX_OUTPUT_BYTES = 64 << 20;
const NAMESPACES = ['--mount', '--pid', '--uts', '--ipc', '--net', '--cgroup'];
/** What the start of a host does in its namespaces. */
const TRIAL = `ip link add one type veth peer name other && mount -t tmpfs tmpfs /mnt && cd /mnt &&
  mkdir lower upper work root && mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root`;

/** How a command has ended. */
export type Ended = { readonly code: number; readonly output: string };

/**
 * A host with Debian on which systemd runs, in namespaces of its own: with its own processes, users, files and network
 * address. It reaches archives of packages through a proxy, and nothing else. What it writes is gone when it is stopped.
 */
export class DebianHost {
  readonly #directory: string;
  readonly #cgroup: string;
  #boot: ChildProcess | undefined;
  #proxy: WebProxy | undefined;
  #network = { address: '', peerAddress: '' };
  #env: readonly string[] = [];
  #initPid = 0;

  private constructor(directory: string, cgroup: string) {
    this.#directory = directory;
    this.#cgroup = cgroup;
  }

  /** @returns why this user cannot have such a host on this machine; null if they can */
  static async obstacle(): Promise<string | null> {
    if (process.getuid?.() !== 0) return 'only root can start a host with systemd';
    const cgroups = await cgroupMount();
    if (cgroups === null) return 'there are no control groups of version 2 here';
    const trial = await mkdtemp(join(cgroups, 'rostrum-trial-')).catch(() => null);
    if (trial === null) return 'this machine makes no control groups';
    await rmdir(trial);
    return execute('unshare', [...NAMESPACES, '--fork', 'sh', '-c', TRIAL]).then(
      () => null,
      ({ stderr }: { stderr: string }) => `this machine makes no namespaces with a network: ${stderr.trim()}`,
    );
  }

  /** @param packages those that are there already when it starts, as if its `apt-get install` had been run */
  static async start(suite: string, packages: readonly string[]): Promise<DebianHost> {
    const { stdout } = await execute(DEBIAN_SYSTEM, ['host', suite, ...packages]);
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-host-'));
    const host = new DebianHost(directory, join((await cgroupMount()) ?? '', basename(directory)));
    try {
      await host.#start(stdout.trim());
    } catch (error) {
      await host.stop();
      throw error;
    }
    return host;
  }

  /** Of the host. */
  get address(): string {
    return this.#network.address;
  }

  /** Of this machine, as the host sees it. */
  get peerAddress(): string {
    return this.#network.peerAddress;
  }

  /** Of a file there, on this machine. */
  pathOf(path: string): string {
    return `/proc/${this.#initPid}/root${path}`;
  }

  /** Runs a script as root, or as somebody else, and takes its output and errors together. */
  async run(script: string, options: { user?: string; directory?: string } = {}): Promise<Ended> {
    const { user = 'root', directory = '/root' } = options;
    const as = user === 'root' ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--'];
    const words = ['-i', '-C', directory, ...this.#env, ...as, 'bash', '-c', `exec 2>&1; ${script}`];
    const enter = ['-t', String(this.#initPid), '-m', '-p', '-u', '-i', '-n', '-C', '-r', '--', '/usr/bin/env'];
    return execute('nsenter', [...enter, ...words], { maxBuffer: MAX_OUTPUT_BYTES }).then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      (error: { code: number; stdout: string }) => ({ code: error.code, output: error.stdout }),
    );
  }

  /** @throws Error with everything that the script has said, if its status is not 0 */
  async expect(script: string, options: { user?: string; directory?: string } = {}): Promise<string> {
    const { code, output } = await this.run(script, options);
    if (code !== 0) throw new Error(`status ${code} of\n${script}\n${output}`);
    return output;
  }

  async stop(): Promise<void> {
    await this.#proxy?.stop();
    if (this.#boot && this.#boot.exitCode === null && this.#boot.signalCode === null) {
      const exited = once(this.#boot, 'exit');
      this.#boot.kill('SIGKILL');
      await exited;
    }
    await removeGroups(this.#cgroup);
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #start(system: string): Promise<void> {
    const cache = await npmSetting('cache');
    await mkdir(cache, { recursive: true });
    await this.#fill();
    await mkdir(this.#cgroup);
    const enter = `echo $$ > "$0/cgroup.procs" && exec setpriv --pdeathsig KILL unshare "$@"`;
    const words = [...NAMESPACES, '--fork', '--kill-child', 'sh', BOOT, system, this.#directory, cache];
    this.#boot = spawn('sh', ['-c', enter, this.#cgroup, ...words], { stdio: 'ignore' });
    this.#initPid = await firstChild(this.#boot.pid ?? 0);
    this.#network = await linkTo(this.#initPid);
    this.#proxy = await WebProxy.start(this.#network.peerAddress);
    this.#env = [
      'HOME=/root',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'DEBIAN_FRONTEND=noninteractive',
      `http_proxy=${this.#proxy.url}`,
      `https_proxy=${this.#proxy.url}`,
      `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`,
      `npm_config_registry=${await npmSetting('registry')}`,
      'npm_config_prefer_offline=true',
    ];
    await this.#waitUntilBooted();
  }

  /** Writes what differs from the system that all hosts have. */
  async #fill(): Promise<void> {
    const upper = join(this.#directory, 'upper');
    for (const name of ['upper/etc/ssl/certs', 'upper/etc/dpkg/dpkg.cfg.d', 'work', 'root', 'npm-upper', 'npm-work']) {
      await mkdir(join(this.#directory, name), { recursive: true });
    }
    await writeFile(join(upper, 'etc/hostname'), `${NAME}\n`);
    await writeFile(join(upper, 'etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${NAME}\n`);
    // What it writes need not survive a loss of power.
    await writeFile(join(upper, 'etc/dpkg/dpkg.cfg.d/unsafe-io'), 'force-unsafe-io\n');
    // It reaches no server of names: each question would take 10 s.
    await writeFile(join(upper, 'etc/resolv.conf'), '');
    await cp(CERTIFICATES, join(upper, CERTIFICATES), { dereference: true });
  }

  async #waitUntilBooted(): Promise<void> {
    const isBooted = async () => /^(running|degraded)/.test((await this.run('systemctl is-system-running')).output);
    for (const startedMs = performance.now(); !(await isBooted()); await sleep(POLL_MS)) {
      if (performance.now() - startedMs > BOOT_TIMEOUT_MS || this.#boot?.exitCode !== null)
        throw new Error('the host did not boot');
    }
  }
}

async function npmSetting(key: string): Promise<string> {
  return (await execute('npm', ['config', 'get', key])).stdout.trim();
}

/** Where control groups of version 2 are mounted; null if they are not. */
async function cgroupMount(): Promise<string | null> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return mounts.find(([, , type]) => type === 'cgroup2')?.[1] ?? null;
}

async function firstChild(pid: number): Promise<number> {
  for (const startedMs = performance.now(); performance.now() - startedMs < BOOT_TIMEOUT_MS; await sleep(10)) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    if (children.trim() !== '') return Number(children.trim().split(' ')[0]);
  }
  throw new Error(`process ${pid} has started no other`);
}

/** A cable between this machine and the network namespace of a process: a network of four addresses for tests (RFC 2544). */
async function linkTo(pid: number): Promise<{ address: string; peerAddress: string }> {
  const network = randomInt(1 << 15) * 4;
  const addressOf = (offset: number) =>
    `198.${18 + (network >> 16)}.${(network >> 8) & 255}.${(network & 255) + offset}`;
  const [peerAddress, address] = [addressOf(1), addressOf(2)];
  const name = `rostrum${network.toString(16)}`;
  const ip = (...words: string[]) => execute('ip', words);
  await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
  await ip('address', 'add', `${peerAddress}/30`, 'dev', name);
  await ip('link', 'set', name, 'up');
  const inside = `ip address add ${address}/30 dev eth0 && ip link set eth0 up && ip route add default via ${peerAddress}`;
  await execute('nsenter', ['-t', String(pid), '-n', 'sh', '-c', inside]);
  return { address, peerAddress };
}

/** The processes in them have been killed, and take a moment to go. */
async function removeGroups(cgroup: string): Promise<void> {
  const removal = 'test ! -e "$0" || exec find "$0" -depth -type d -exec rmdir {} +';
  const remove = () => execute('sh', ['-c', removal, cgroup]);
  for (const startedMs = performance.now(); performance.now() - startedMs < BOOT_TIMEOUT_MS; await sleep(POLL_MS)) {
    const removed = await remove().then(
      () => true,
      () => false,
    );
    if (removed) return;
  }
}
