import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLogger, transports } from 'winston';
import { freePort } from '../../../scripts/machine.ts';
import { keygen } from '../../../src/cli/commands/keygen.ts';
import { parseMessage } from '../../../src/cluster/messages.ts';
import { readConfig } from '../../../src/config/read-config.ts';
import { channelOpener } from '../../../src/controller/cluster/event-channels.ts';
import { NatsServer } from '../../kit/nats-server.ts';
import { until } from './witness.ts';

let directory: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-nats-'));
  await keygen(join(directory, 'secret'));
  await secret('password', 'open sesame');
  await secret('wrong', 'open barley');
  certify();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(() => rm(directory, { recursive: true }));

const beside = (name: string) => join(directory, name);
const secret = (name: string, text: string) => writeFile(beside(name), `${text}\n`, { mode: 0o600 });

/** An authority that certifies the server, and a node. */
function certify(): void {
  const openssl = (...words: string[]) =>
    execFileSync('openssl', words, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  openssl('req', '-x509', ...key, '-subj', '/CN=authority', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt');
  for (const [name, subject] of [
    ['server', 'IP:127.0.0.1'],
    ['elsewhere', 'IP:192.0.2.1'],
    ['node', 'DNS:lyon'],
  ]) {
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', '2'];
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
    openssl('req', '-x509', ...by, ...key, '-subj', `/CN=${name}`, '-addext', `subjectAltName=${subject}`, ...files);
  }
}

async function serve(...options: string[]): Promise<NatsServer> {
  const server = new NatsServer(await freePort('127.0.0.1'), options);
  await server.start();
  closing.push(() => server.kill());
  return server;
}

/** A node that has read its configuration. @returns the nodes that it sees, and its log */
async function node(nodeId: string, nats: object): Promise<{ peers: () => string[]; log: string[] }> {
  const file = beside(`${nodeId}.yaml`);
  const cluster = { nodeId, secretFile: 'secret', transport: 'nats', nats };
  await writeFile(file, JSON.stringify({ cluster }));
  const config = await readConfig(file, { ROSTRUM_ARI_PASSWORD: 'x' });
  const log: string[] = [];
  const logger = createLogger({ transports: [new transports.Console({ silent: true })] });
  logger.warn = ((message: string) => log.push(message)) as never;
  const channel = (await channelOpener(config.cluster))?.({
    parse: parseMessage,
    onPeerUp: () => {},
    onPeerDown: () => {},
    onMessage: () => {},
    logger,
    now: () => performance.now(),
  });
  if (!channel) throw new Error('no cluster');
  closing.push(() => channel.stop());
  await channel.start();
  return { peers: () => [...channel.peers.keys()], log };
}

async function expectCluster(nats: object): Promise<void> {
  const [lyon, oslo] = [await node('lyon', nats), await node('oslo', nats)];
  await until('lyon and oslo see each other', () => lyon.peers().join() === 'oslo' && oslo.peers().join() === 'lyon');
}

async function expectRefused(nats: object, why: string): Promise<void> {
  const { peers, log } = await node('lyon', nats);
  await until('it is told', () => log.length > 0);
  expect(log[0]).toContain('no connection to NATS');
  expect(log[0]).toContain(why);
  expect(peers()).toEqual([]);
}

describe('a NATS server that wants a password', () => {
  it('takes nodes that have it in their configuration, and no others', async () => {
    const { url } = await serve('--user', 'rostrum', '--pass', 'open sesame');
    await expectCluster({ url, user: 'rostrum', passwordFile: 'password' });
    await expectRefused({ url, user: 'rostrum', passwordFile: 'wrong' }, 'Authorization');
    await expectRefused({ url }, 'Authorization');
  });

  it('or a token', async () => {
    const { url } = await serve('--auth', 'open sesame');
    await expectCluster({ url, tokenFile: 'password' });
  });
});

describe('a NATS server with TLS', () => {
  const certificate = (name: string) => [
    '--tls',
    '--tlscert',
    beside(`${name}.crt`),
    '--tlskey',
    beside(`${name}.key`),
  ];

  it('is reached if a known authority has certified it', async () => {
    const { url } = await serve(...certificate('server'));
    await expectCluster({ url, tls: { caFile: 'ca.crt' } });
    await expectRefused({ url }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('is not reached with a certificate of another host', async () => {
    const { url } = await serve(...certificate('elsewhere'));
    await expectRefused({ url, tls: { caFile: 'ca.crt' } }, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('takes nodes that are certified themselves, where it wants that', async () => {
    const { url } = await serve(...certificate('server'), '--tlsverify', '--tlscacert', beside('ca.crt'));
    await expectCluster({ url, tls: { caFile: 'ca.crt', certFile: 'node.crt', keyFile: 'node.key' } });
  });

  it('is not replaced by one without, to which a password would be told', async () => {
    const { url } = await serve('--user', 'rostrum', '--pass', 'open sesame');
    const login = { user: 'rostrum', passwordFile: 'password' };
    await expectRefused({ url, ...login, tls: {} }, 'ConnectionError');
    await expectRefused({ ...login, url: url.replace('nats:', 'tls:') }, 'ConnectionError');
  });
});
