import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE_ID } from '../../src/base/node-id.ts';
import { keygen } from '../../src/cli/commands/keygen.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { parseSecret } from '../../src/secrets/derive.ts';

const ENV = { ROSTRUM_ARI_PASSWORD: 'x' };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-cluster-'));
});

afterEach(() => rm(directory, { recursive: true }));

async function read(cluster: string) {
  const path = join(directory, 'rostrum.yaml');
  await writeFile(path, `cluster: ${cluster}\n`);
  return (await readConfig(path, ENV)).cluster;
}

describe('the secret of a cluster', () => {
  it('is made once, for its owner alone, and read by the configuration', async () => {
    const path = join(directory, 'secret');
    await keygen(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(keygen(path)).rejects.toThrow('is there already');
    const secret = parseSecret(await readFile(path, 'utf8'));
    expect(secret).toHaveLength(32);
    const cluster = await read('{ nodeId: lyon, secretFile: secret, peers: ["[::1]:7400", "oslo:7400"] }');
    expect(cluster).toMatchObject({ nodeId: 'lyon', secret, transport: 'mesh', lifetimeSeconds: 15 });
  });

  it('is refused where others can read it, or where it is none', async () => {
    const path = join(directory, 'secret');
    await keygen(path);
    await chmod(path, 0o640);
    await expect(read('{ secretFile: secret }')).rejects.toThrow(
      `${path}: other users can read this secret; run: chmod`,
    );
    await writeFile(path, 'password');
    await chmod(path, 0o600);
    await expect(read('{ secretFile: secret }')).rejects.toThrow('a cluster secret begins with');
  });
});

describe('the access to a NATS server', () => {
  const atServer = (more: string) =>
    `{ secretFile: secret, transport: nats, nats: { url: "nats://oslo:4222", ${more} } }`;

  beforeEach(() => keygen(join(directory, 'secret')));

  it('is read from files of their own', async () => {
    await writeFile(join(directory, 'password'), 'open sesame\n', { mode: 0o600 });
    const { nats } = await read(atServer('user: rostrum, passwordFile: password'));
    expect(nats).toEqual({
      cluster: 'rostrum',
      servers: ['nats://oslo:4222'],
      login: { user: 'rostrum', password: 'open sesame' },
    });
    expect((await read(atServer('tokenFile: password'))).nats.login).toEqual({ token: 'open sesame' });
  });

  it('is refused where others can read the password, the token or the key', async () => {
    await writeFile(join(directory, 'open'), 'open sesame', { mode: 0o640 });
    for (const more of [
      'user: rostrum, passwordFile: open',
      'tokenFile: open',
      'tls: { certFile: open, keyFile: open }',
    ]) {
      await expect(read(atServer(more))).rejects.toThrow('open: other users can read this secret');
    }
    await expect(read(atServer('tls: { caFile: nowhere }'))).rejects.toThrow('nowhere: cannot be read (ENOENT)');
  });

  it('with TLS finds its files beside rostrum.yaml', async () => {
    for (const name of ['ca', 'cert', 'key']) await writeFile(join(directory, name), '', { mode: 0o600 });
    const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) => join(directory, name));
    const { nats } = await read(atServer('tls: { caFile: ca, certFile: cert, keyFile: key }'));
    expect(nats.tls).toEqual({ caFile, certFile, keyFile });
    // Nobody shall have to say it twice.
    expect((await read('{ secretFile: secret, nats: { url: "tls://oslo:4222" } }')).nats.tls).toEqual({});
  });
});

describe('the configuration of a cluster', () => {
  it('may be left out: the node is by itself, with the name of the machine', async () => {
    const { secret, nodeId } = await read('{}');
    expect(secret).toBeNull();
    expect(nodeId).toMatch(NODE_ID);
  });

  it.each([
    ['{ peers: ["oslo:7400"] }', 'cluster.secretFile: a cluster needs a secret'],
    ['{ transport: nats }', 'cluster.nats.url: transport nats needs the URL'],
    ['{ transport: nats, nats: { url: "nats://x" } }', 'cluster.secretFile: a cluster needs a secret'],
    ['{ nodeId: "a b" }', 'cluster.nodeId: a node name is'],
    ['{ peers: [oslo] }', 'cluster.peers.0: expected host:port'],
    ['{ peers: ["oslo:75000"] }', 'cluster.peers.0: a port is 1 to 65535'],
    ['{ peers: ["192.0.2.300:7400"] }', 'cluster.peers.0: expected host:port, and this host is no IP address'],
    ['{ peers: ["[::1::2]:7400"] }', 'cluster.peers.0: expected host:port, and this host is no IP address'],
    ['{ listen: "0.0.0.0:0" }', 'cluster.listen: a port is 1 to 65535'],
    ['{ trunk: { listen: "192.0.2.300:7500" } }', 'cluster.trunk.listen: expected an IP address and a port'],
    ['{ trunk: { listen: "[fd00::1::2]:7500" } }', 'cluster.trunk.listen: expected an IP address and a port'],
    [
      '{ trunk: { listen: "[fd00::1]:7500", multicast: { group: "239.1.2.3:7501", interface: 192.0.2.1 } } }',
      'cluster.trunk.multicast: multicast needs an IPv4 address in listen',
    ],
    ['{ trunk: { address: "oslo:7500" } }', 'cluster.trunk.address: expected an IP address and a port'],
    ['{ trunk: { address: "0.0.0.0:7500" } }', 'cluster.trunk.address: nobody can send there'],
    ['{ trunk: { address: "[0::0]:7500" } }', 'cluster.trunk.address: nobody can send there'],
    ['{ trunk: { listen: "192.0.2.30:75000" } }', 'cluster.trunk.listen: a port is 1 to 65535'],
    ['{ nats: { url: "http://x" } }', 'cluster.nats.url: expected a URL such as nats://'],
    ['{ nats: { url: "nats://rostrum:sesame@x" } }', 'cluster.nats.url: a URL is logged'],
    ['{ nats: { user: rostrum } }', 'cluster.nats: user and passwordFile belong together'],
    ['{ nats: { passwordFile: x } }', 'cluster.nats: user and passwordFile belong together'],
    ['{ nats: { user: x, passwordFile: x, tokenFile: x } }', 'cluster.nats.tokenFile: either a user or a token'],
    ['{ nats: { tls: { certFile: x } } }', 'cluster.nats.tls: certFile and keyFile belong together'],
    ['{ lifetime: 3 }', 'lifetime'],
  ])('%s is a mistake', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});
