import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chown, cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { debianPackages, type Instruction, parseDockerfile, type Stage } from './dockerfile.ts';

const run = promisify(execFile);

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const DEBIAN_ROOT = join(REPOSITORY, 'scripts/debian-root');
/** What an image of Node.js has besides Node.js, as far as it matters here. */
const BASE_PACKAGES = ['dash', 'coreutils', 'sed', 'grep', 'libstdc++6'];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const ROOT_UID = 0;
/** In a name space where only one user is known, `node` is that user, too. */
const NODE_UID = process.getuid?.() === ROOT_UID ? 1000 : ROOT_UID;

/** What a stage of a Dockerfile has come to. */
type Image = {
  readonly root: string;
  env: Record<string, string>;
  directory: string;
  user: string;
  entrypoint: readonly string[];
  command: readonly string[];
  healthcheck: readonly string[];
  stopSignal: NodeJS.Signals;
};

/**
 * Makes what `docker build` would make, in roots of Debian packages, and runs it, where there is no Docker. The base image is
 * Debian with the Node.js that runs this; packages of Debian come from scripts/debian-root.
 */
export class Container {
  readonly #directory: string;
  readonly #image: Image;

  private constructor(directory: string, image: Image) {
    this.#directory = directory;
    this.#image = image;
  }

  static async build(context: string): Promise<Container> {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-container-'));
    const ignored = (await readFile(join(context, '.dockerignore'), 'utf8')).trim().split('\n');
    const images = new Map<string, Image>();
    try {
      for (const stage of parseDockerfile(await readFile(join(context, 'Dockerfile'), 'utf8'))) {
        const image = await baseOf(stage, join(directory, stage.name));
        for (const instruction of stage.instructions) await follow(instruction, image, { context, ignored, images });
        images.set(stage.name, image);
      }
      const last = [...images.values()].at(-1);
      if (!last) throw new TypeError('Dockerfile: no stage');
      return new Container(directory, last);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get command(): readonly string[] {
    return this.#image.command;
  }

  get healthcheck(): readonly string[] {
    return this.#image.healthcheck;
  }

  get stopSignal(): NodeJS.Signals {
    return this.#image.stopSignal;
  }

  /** Of a file in it, on this machine. */
  pathOf(path: string): string {
    return join(this.#image.root, path);
  }

  /** As `docker run` does. */
  start(...words: readonly string[]): ChildProcess {
    const [program = '', ...rest] = inside(this.#image, [...this.#image.entrypoint, ...words]);
    return spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** As `docker exec` does. Rejects where the status is not 0. */
  async execute(...words: readonly string[]): Promise<string> {
    const [program = '', ...rest] = inside(this.#image, words);
    return (await run(program, rest)).stdout;
  }

  remove(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }
}

/** A root with the packages that the stage installs, and with Node.js. */
async function baseOf(stage: Stage, root: string): Promise<Image> {
  if (!/^node:\d+-slim$/.test(stage.from)) throw new TypeError(`Dockerfile: FROM ${stage.from}`);
  const { stdout } = await run(DEBIAN_ROOT, ['container', 'stable', ...BASE_PACKAGES, ...debianPackages(stage)]);
  await run('cp', ['-a', stdout.trim(), root]);
  const npm = dirname(dirname(await realpath((await run('sh', ['-c', 'command -v npm'])).stdout.trim())));
  await mkdir(join(root, 'usr/local/lib/node_modules'), { recursive: true });
  await mkdir(join(root, 'usr/local/bin'), { recursive: true });
  await cp(process.execPath, join(root, 'usr/local/bin/node'));
  await cp(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  for (const path of ['etc/ssl/certs', 'proc', 'dev', 'tmp', 'root', 'home/node']) {
    await mkdir(join(root, path), { recursive: true });
  }
  await chown(join(root, 'home/node'), NODE_UID, NODE_UID);
  const users = [`root:x:${ROOT_UID}:${ROOT_UID}::/root:/bin/sh`, `node:x:${NODE_UID}:${NODE_UID}::/home/node:/bin/sh`];
  await writeFile(join(root, 'etc/passwd'), `${users.join('\n')}\n`);
  await writeFile(join(root, 'etc/group'), `root:x:${ROOT_UID}:\nnode:x:${NODE_UID}:\n`);
  for (const path of ['/etc/resolv.conf', '/etc/hosts', CERTIFICATES]) {
    await cp(path, join(root, path), { dereference: true }).catch(() => {});
  }
  return {
    root,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    directory: '/',
    user: 'root',
    entrypoint: [],
    command: [],
    healthcheck: [],
    stopSignal: 'SIGTERM',
  };
}

type Build = {
  readonly context: string;
  readonly ignored: readonly string[];
  readonly images: ReadonlyMap<string, Image>;
};

async function follow({ name, rest }: Instruction, image: Image, build: Build): Promise<void> {
  switch (name) {
    case 'WORKDIR':
      image.directory = rest;
      await mkdir(join(image.root, rest), { recursive: true });
      return;
    case 'ENV':
      Object.assign(image.env, Object.fromEntries(rest.split(' ').map((pair) => pair.split('='))));
      return;
    case 'COPY':
      return copy(rest.split(/\s+/), image, build);
    case 'RUN':
      // Its packages are there already.
      return rest.startsWith('apt-get update && ') ? undefined : runStep(rest, image);
    case 'USER':
      image.user = rest;
      return;
    case 'ENTRYPOINT':
      image.entrypoint = JSON.parse(rest) as string[];
      return;
    case 'CMD':
      image.command = JSON.parse(rest) as string[];
      return;
    case 'HEALTHCHECK':
      image.healthcheck = JSON.parse(rest.replace(/^.*CMD /, '')) as string[];
      return;
    case 'STOPSIGNAL':
      image.stopSignal = rest as NodeJS.Signals;
      return;
    case 'EXPOSE':
      return;
    default:
      throw new TypeError(`Dockerfile: ${name}`);
  }
}

async function copy(words: readonly string[], image: Image, { context, ignored, images }: Build): Promise<void> {
  const from = words[0]?.startsWith('--from=') ? words[0].slice('--from='.length) : null;
  const [sources, to = ''] = [words.slice(from === null ? 0 : 1, -1), words.at(-1)];
  const base = from === null ? context : images.get(from)?.root;
  if (!base) throw new TypeError(`Dockerfile: COPY ${words.join(' ')}`);
  const target = join(image.root, resolve(image.directory, to));
  for (const source of sources) {
    if (from === null && ignored.includes(source)) throw new TypeError(`.dockerignore leaves out ${source}`);
    const into = to.endsWith('/') ? join(target, basename(source)) : target;
    await cp(join(base, source), into, { recursive: true, verbatimSymlinks: true });
  }
}

async function runStep(script: string, image: Image): Promise<void> {
  // As this machine's npm is set up, which may know of a mirror.
  const { stdout } = await run('npm', ['config', 'get', 'registry']);
  const env = { ...image.env, npm_config_registry: stdout.trim(), NODE_EXTRA_CA_CERTS: CERTIFICATES };
  const [program = '', ...rest] = inside({ ...image, env }, ['sh', '-c', script]);
  await run(program, rest, { maxBuffer: 64 * 1024 * 1024 });
}

/** The words that run a program in the root, as the process that was started itself: signals reach it. */
function inside({ root, env, directory, user }: Image, words: readonly string[]): string[] {
  const uid = user === 'node' ? NODE_UID : ROOT_UID;
  const variables = Object.entries({ HOME: user === 'root' ? '/root' : `/home/${user}`, ...env });
  const script = `
    root=$0 user=$1 directory=$2 PATH=$PATH:/usr/sbin:/sbin
    shift 2
    for each in proc dev; do mount --rbind "/$each" "$root/$each"; done
    exec chroot --userspec="$user" "$root" /usr/bin/env -i -C "$directory" "$@"`;
  const mapped = process.getuid?.() === ROOT_UID ? [] : ['--map-root-user'];
  return [
    'unshare',
    '--mount',
    ...mapped,
    'sh',
    '-c',
    script,
    root,
    `${uid}:${uid}`,
    directory,
    ...variables.map(([name, value]) => `${name}=${value}`),
    ...words,
  ];
}
