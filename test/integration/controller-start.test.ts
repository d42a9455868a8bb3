import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keygen } from '../../src/cli/commands/keygen.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROFILES = fileURLToPath(new URL('../../profiles', import.meta.url));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-controller-start-'));
  await keygen(join(directory, 'secret'));
});

afterEach(() => rm(directory, { recursive: true }));

/** A controller that is to end by itself. @param nodeOptions of Node.js */
async function controller(cluster: object, ...nodeOptions: string[]): Promise<{ code: number; stderr: string }> {
  const config = join(directory, 'rostrum.yaml');
  const api = { socket: join(directory, 'api.sock') };
  await writeFile(config, JSON.stringify({ api, profiles: PROFILES, cluster: { secretFile: 'secret', ...cluster } }));
  const child = spawn(process.execPath, [...nodeOptions, MAIN, 'controller', '--config', config], {
    env: { ...process.env, ROSTRUM_ARI_PASSWORD: 'x' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number]>;
  const [stderr, [code]] = await Promise.all([text(child.stderr), closed]);
  return { code, stderr };
}

/** Status 2 keeps `rostrum start` from trying again. */
it('a controller whose port for other nodes is taken says so, and ends with status 2', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, stderr } = await controller({ listen });
    expect(code).toBe(2);
    expect(stderr).toContain(`rostrum: cannot listen for nodes on ${listen}: another program has it\n`);
  } finally {
    other.close();
  }
});

it('a controller that is to listen where it is not ends with status 2', async () => {
  const { code, stderr } = await controller({ listen: '192.0.2.1:7400' });
  expect(code).toBe(2);
  expect(stderr).toContain('rostrum: cannot listen for nodes on 192.0.2.1:7400: EADDRNOTAVAIL\n');
});

/** Says at its end which files of CommonJS packages it has loaded. */
const TELL_LOADED = `import { Module } from 'node:module';
process.on('exit', () => process.stderr.write(Object.keys(Module._cache).join('\\n')));`;

it('a controller starts without the packages that it does not use', async () => {
  const { stderr } = await controller({ listen: '192.0.2.1:7400' }, '--import', `data:text/javascript,${TELL_LOADED}`);
  for (const used of ['ari-client', 'fastify']) expect(stderr).toContain(`/node_modules/${used}/`);
  for (const unused of ['@nats-io', 'ajv', 'request/lib']) expect(stderr).not.toContain(`/node_modules/${unused}/`);
});
