import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { freePort } from '../../scripts/machine.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROFILES = fileURLToPath(new URL('../../profiles', import.meta.url));
const ADDRESS = '127.0.0.1';

/** A controller without an Asterisk that wants to be a node of a cluster. */
export class LoneController {
  readonly #directory: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(directory: string, child: ChildProcess) {
    this.#directory = directory;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk;
      });
    }
  }

  /** @param options `secret` is what its file says, `mode` who may read that */
  static async start(options: {
    nodeId: string;
    peers: readonly string[];
    secret: string;
    mode?: number;
  }): Promise<LoneController> {
    const { nodeId, peers, secret, mode = 0o600 } = options;
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-lone-'));
    const [secretFile, passwordFile] = [join(directory, 'secret'), join(directory, 'ari')];
    await writeFile(secretFile, secret, { mode });
    await writeFile(passwordFile, 'none', { mode: 0o600 });
    const config = join(directory, 'rostrum.yaml');
    const [listen, trunk, nobody] = [await freePort(ADDRESS), await freePort(ADDRESS), await freePort(ADDRESS)];
    await writeFile(
      config,
      stringify({
        asterisk: { url: `http://${ADDRESS}:${nobody}`, passwordFile },
        profiles: PROFILES,
        api: { socket: join(directory, 'rostrum.sock') },
        relay: { socket: join(directory, 'relay.sock') },
        reports: { directory: join(directory, 'reports') },
        cluster: {
          ...{ nodeId, secretFile, listen: `${ADDRESS}:${listen}`, peers },
          trunk: { listen: `${ADDRESS}:${trunk}` },
        },
      }),
    );
    const child = spawn(process.execPath, [PROGRAM, 'controller', '--config', config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new LoneController(directory, child);
  }

  get output(): string {
    return this.#output;
  }

  /** Its exit status, once it has ended by itself. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}
