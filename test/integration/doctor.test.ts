import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AsteriskInstance } from '../../scripts/asterisk-instance.ts';
import { ApiServer } from '../../src/api/server.ts';
import { keygen } from '../../src/cli/commands/keygen.ts';
import type { Finding, State } from '../../src/doctor/checks/finding.ts';
import { NEEDED_MODULES, USEFUL_MODULES } from '../../src/doctor/checks/modules.ts';
import { examine } from '../../src/doctor/examine.ts';
import { ownAddress } from '../kit/loopback.ts';
import { RostrumNode } from '../kit/rostrum-node.ts';
import { conference, depsOf, member } from '../unit/api/conferences.ts';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = join(REPOSITORY, 'dist/cli/main.js');
const PROFILES = join(REPOSITORY, 'profiles');
/** The first use of scripts/asterisk may have to download. */
const DOWNLOAD_TIMEOUT_MS = 300_000;

type Options = Readonly<Record<string, string>>;

const ANCHORED: Options = {
  context: 'rostrum-dial-in',
  disallow: 'all',
  allow: 'ulaw,alaw',
  media_address: '127.0.99.1',
  bind_rtp_to_media_address: 'yes',
  direct_media: 'no',
  rtp_symmetric: 'yes',
  rtp_timeout: '0',
  rtp_timeout_hold: '0',
};

const section = (name: string, type: string, options: Options) =>
  `[${name}]\ntype = ${type}\n${Object.entries(options)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')}`;

/** A transport at port 5060 of an address that nothing else uses, so that no port need be known in advance. */
const transport = (address: string, name: string, options: Options) =>
  section(name, 'transport', { protocol: 'udp', bind: address, ...options });

const endpoint = (name: string, changes: Options = {}) => section(name, 'endpoint', { ...ANCHORED, ...changes });

const messagesOf = (findings: readonly Finding[], ...states: readonly State[]) =>
  findings.filter(({ state }) => states.includes(state)).map(({ message }) => message);

type Ended = { code: number; stdout: string };

/** Runs `rostrum doctor` as an operator does. */
async function doctor(...words: readonly string[]): Promise<Ended> {
  const env = { ...process.env };
  delete env['ROSTRUM_ARI_PASSWORD'];
  return run(process.execPath, [PROGRAM, 'doctor', ...words], { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: Ended) => ({ code: error.code, stdout: error.stdout }),
  );
}

async function findingsFor(configPath: string): Promise<{ code: number; state: State; findings: Finding[] }> {
  const { code, stdout } = await doctor('--config', configPath, '--json');
  return { code, ...(JSON.parse(stdout) as { state: State; findings: Finding[] }) };
}

/** What Asterisk does not tell of a call. */
const QUIET = { jitterMs: null, jitterAtPhoneMs: null, silentSeconds: null };

describe('with everything as it should be, rostrum doctor', () => {
  const address = ownAddress();
  let node: RostrumNode;

  beforeAll(async () => {
    const network = { external_media_address: address, local_net: '127.0.99.0/24' };
    const pjsip = [
      section('global', 'global', { endpoint_identifier_order: 'ip,username,anonymous' }),
      // A name that only the console tells.
      transport(address, 'phones', network),
      endpoint('anonymous'),
    ];
    node = await RostrumNode.start({
      bindAddress: address,
      extra: {
        write: { 'pjsip.conf': pjsip.join('\n') },
        set: [
          // Ports that no other Asterisk of this machine uses.
          ['rtp.conf', 'general', 'rtpstart', '8200'],
          ['rtp.conf', 'general', 'rtpend', '9199'],
          ['rtp.conf', 'general', 'strictrtp', 'no'],
          ['rtp.conf', 'general', 'icesupport', 'no'],
        ],
      },
    });
  }, DOWNLOAD_TIMEOUT_MS);

  afterAll(() => node.stop());

  it('finds no problem while the node runs, and sees every part of it', async () => {
    const { code, findings } = await findingsFor(node.configPath);
    expect(messagesOf(findings, 'problem')).toEqual([]);
    expect(code).toBe(0);
    const good = messagesOf(findings, 'ok').join('\n');
    expect(good).toMatch(/^version 22\..* answers$/m);
    expect(good).toContain('application "rostrum" is registered by the controller');
    expect(good).toContain(`all ${NEEDED_MODULES.length} that are needed are running`);
    expect(good).toContain('the relay anchors endpoint anonymous');
    expect(messagesOf(findings, 'note').filter((message) => message.includes('could not be read'))).toEqual(
      // Not every machine tells of its clock.
      messagesOf(findings, 'note').filter((message) => message.includes('synchronised')),
    );
    expect(good).toContain(`UDP 8200-9199 on ${address}: enough for 500 calls`);
    expect(good).toMatch(/^Asterisk may open \d+ files/m);
    expect(good).toMatch(/^relay may open \d+ files/m);
    expect(good).toContain('the controller is running and connected to Asterisk');
    expect(good).toContain('the relay is connected to the controller');
    expect(good).toContain(`${join(node.directory, 'ari-password')} (ARI password): owner`);
    expect(good).toMatch(/^\/.*\/ari\.conf \(passwords of ARI\): other users cannot read it$/m);
    expect(good).toMatch(/^user \d+ can read all files that Rostrum needs$/m);
  });

  it('prints a table for people', async () => {
    const { code, stdout } = await doctor('--config', node.configPath);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^STATE +CHECK +FINDING\n/);
    expect(stdout).toMatch(/^OK +anchoring +the relay anchors endpoint anonymous$/m);
    expect(stdout).toMatch(/\n\nno problems, /);
  });

  it('names the program that has a port of calls', async () => {
    const socket = createSocket('udp4').bind(8500, address);
    await once(socket, 'listening');
    try {
      const { code, findings } = await findingsFor(node.configPath);
      const names = new RegExp(`on ${address}: 8500 \\(.*, process ${process.pid}\\)$`);
      expect(messagesOf(findings, 'problem')).toEqual([expect.stringMatching(names)]);
      expect(code).toBe(1);
    } finally {
      socket.close();
    }
  });

  it('finds no problem either when Rostrum is stopped', async () => {
    await node.stopRostrum();
    const { code, findings } = await findingsFor(node.configPath);
    expect(messagesOf(findings, 'problem')).toEqual([]);
    expect(code).toBe(0);
    expect(messagesOf(findings, 'note')).toContainEqual(expect.stringMatching(/^no controller is running/));
  });
});

describe('rostrum doctor names', () => {
  const address = ownAddress();
  let directory: string;
  let asterisk: AsteriskInstance;
  let configPath: string;
  let passwordFile: string;
  let findings: Finding[];

  const GOOD_NETWORK = { external_media_address: address, local_net: '127.0.99.0/24' };

  /** What is wrong with one endpoint each, all of which use a transport that is right. */
  const ENDPOINTS: readonly (readonly [option: string, value: string])[] = [
    ['bind_rtp_to_media_address', 'no'],
    ['direct_media', 'yes'],
    ['rtp_symmetric', 'no'],
    ['rtp_timeout', '120'],
    ['rtp_timeout_hold', '900'],
    ['ice_support', 'yes'],
  ];

  const config = (changes: object = {}) => ({
    asterisk: { url: asterisk.ariUrl, passwordFile: 'ari-password' },
    profiles: PROFILES,
    api: { socket: 'rostrum.sock' },
    ...changes,
  });

  async function examineWith(changes: object): Promise<Finding[]> {
    const path = join(directory, 'changed.yaml');
    await writeFile(path, JSON.stringify(config(changes)));
    return examine(path, {});
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rostrum-doctor-'));
    const modules = await readFile(join(REPOSITORY, 'asterisk-config/modules.conf'), 'utf8');
    const pjsip = [
      transport(`${address}:5060`, 'good', GOOD_NETWORK),
      transport(`${address}:5061`, 'no-external', { local_net: '127.0.99.0/24' }),
      transport(`${address}:5062`, 'uncovered', { ...GOOD_NETWORK, local_net: '127.0.98.0/24' }),
      transport(`${address}:5063`, 'too-wide', GOOD_NETWORK).concat('local_net = 192.168.0.0/16\n'),
      ...['good', 'no-external', 'uncovered', 'too-wide'].map((name) => endpoint(`on-${name}`, { transport: name })),
      ...ENDPOINTS.map(([option, value]) => endpoint(`wrong-${option}`, { transport: 'good', [option]: value })),
      endpoint('unanchored', { media_address: '' }),
      endpoint('encrypted', { media_encryption: 'sdes' }),
    ];
    asterisk = new AsteriskInstance({
      directory: join(directory, 'asterisk'),
      bindAddress: address,
      rtpPorts: { start: 60_900, end: 62_000 },
      extra: {
        write: {
          'pjsip.conf': pjsip.join('\n'),
          'modules.conf': modules.replace(/^\S+ = (chan_rtp|func_speex)\.so$/gm, ';$&'),
        },
        set: [
          ['rtp.conf', 'general', 'strictrtp', 'yes'],
          ['rtp.conf', 'general', 'icesupport', 'yes'],
        ],
      },
    });
    await asterisk.start();
    passwordFile = join(directory, 'ari-password');
    await writeFile(passwordFile, asterisk.ariPassword, { mode: 0o600 });
    configPath = join(directory, 'rostrum.yaml');
    await writeFile(configPath, JSON.stringify(config()));
    const report = await findingsFor(configPath);
    expect(report).toMatchObject({ code: 1, state: 'problem' });
    ({ findings } = report);
  }, DOWNLOAD_TIMEOUT_MS);

  afterAll(async () => {
    await asterisk.stop();
    await rm(directory, { recursive: true });
  });

  it.each(ENDPOINTS)('an anchored endpoint whose %s is %s', (option) => {
    const named = new RegExp(`^${option} is not \\S+ for endpoint wrong-${option}: `);
    expect(messagesOf(findings, 'problem').filter((message) => message.startsWith(`${option} `))).toEqual([
      expect.stringMatching(named),
    ]);
  });

  it.each([
    ['problem', /^external_media_address of transport no-external is not set/],
    ['problem', /^local_net of transport uncovered does not cover media_address 127\.0\.99\.1/],
    ['problem', /^local_net 192\.168\.0\.0\/255\.255\.0\.0 of transport too-wide covers more/],
    ['problem', /^strictrtp is yes/],
    ['warning', /^icesupport is on/],
    ['warning', /^media_address is not set to a loopback address for endpoint unanchored: /],
    ['note', /^endpoint encrypted: media_encryption is set, so callers are heard from the bridge, which is dearer/],
    ['problem', /^chan_rtp\.so is not running/],
    ['warning', /^func_speex\.so is not running/],
    ['warning', /^rtp\.conf has ports 60900-62000, and Linux gives/],
  ] as const)('what else is wrong in Asterisk, as a %s: %s', (state, message) => {
    expect(messagesOf(findings, state)).toContainEqual(expect.stringMatching(message));
  });

  it('nothing else', () => {
    const named = ENDPOINTS.length + 5;
    expect(messagesOf(findings, 'problem')).toHaveLength(named);
    expect(messagesOf(findings, 'problem').join('\n')).not.toMatch(/on-good/);
  });

  it('secrets that others can read, all of them, and looks at the rest all the same', async () => {
    const secretFile = join(directory, 'cluster-secret');
    await keygen(secretFile);
    await chmod(secretFile, 0o640);
    await chmod(passwordFile, 0o604);
    try {
      const all = await examineWith({ cluster: { secretFile: 'cluster-secret' } });
      const problems = messagesOf(all, 'problem');
      expect(problems).toContain(`other users can read ${passwordFile} (ARI password): mode 604`);
      expect(problems).toContain(`other users can read ${secretFile} (cluster secret): mode 640`);
      expect(messagesOf(all, 'ok')).toContainEqual(expect.stringMatching(/^version .* answers$/));
    } finally {
      await chmod(passwordFile, 0o600);
    }
  });

  it('a node that has no ARI password', async () => {
    const problems = messagesOf(await examineWith({ asterisk: { url: asterisk.ariUrl } }), 'problem');
    expect(problems).toEqual([expect.stringMatching(/^no ARI password: set asterisk\.passwordFile/)]);
    const missing = await examineWith({ asterisk: { url: asterisk.ariUrl, passwordFile: 'nowhere' } });
    expect(messagesOf(missing, 'problem')).toEqual([expect.stringMatching(/nowhere .*: ENOENT$/)]);
  });

  it('a cluster secret that is none', async () => {
    const secretFile = join(directory, 'no-secret');
    await writeFile(secretFile, 'x', { mode: 0o600 });
    const problems = messagesOf(await examineWith({ cluster: { secretFile: 'no-secret' } }), 'problem');
    expect(problems).toContainEqual(expect.stringContaining(`${secretFile}: `));
  });

  it('every mistake in rostrum.yaml and in profiles, with its line', async () => {
    await writeFile(join(directory, 'wrong.yaml'), 'asterisk:\n  url: x\nlog:\n  level: loud\n');
    const wrong = await findingsFor(join(directory, 'wrong.yaml'));
    expect(wrong.code).toBe(1);
    expect(messagesOf(wrong.findings, 'problem')).toEqual([
      expect.stringMatching(/wrong\.yaml:2:\d+: asterisk\.url: /),
      expect.stringMatching(/wrong\.yaml:4:\d+: log\.level: /),
    ]);

    const profiles = await mkdtemp(join(directory, 'profiles-'));
    await writeFile(join(profiles, 'default.yaml'), 'kind: conference\nnonsense: 1\n');
    const problems = messagesOf(await examineWith({ profiles }), 'problem');
    expect(problems).toContainEqual(expect.stringMatching(/default\.yaml:2:\d+: /));
  });

  it('descriptors that are too few for the capacity of the node', async () => {
    const problems = messagesOf(await examineWith({ cluster: { capacity: 1_000_000 } }), 'problem');
    expect(problems).toContainEqual(expect.stringMatching(/^Asterisk may open .* but cluster\.capacity is 1000000$/));
  });

  it('phones whose audio does not arrive, and calls that hear the bridge', async () => {
    const deps = depsOf(new Map([['3000', conference([member(7), member(8), member(9, { path: { at: 'relay' } })])]]));
    const media = { codec: 'ulaw', packetsLost: 0, packetsSent: 500, packetsLostBySide: 0, roundTripMs: 0, ...QUIET };
    const readMedia = async ({ id }: { id: number }) => ({ ...media, packetsReceived: id === 8 ? 0 : 500 });
    const status = () => ({ ...deps.status(), relay: { connected: false, pid: null, sockets: null } });
    const socketPath = join(directory, 'busy.sock');
    const server = new ApiServer({ socketPath }, { ...deps, status, controller: { ...deps.controller, readMedia } });
    await server.start();
    try {
      const all = await examineWith({ api: { socket: 'busy.sock' } });
      expect(messagesOf(all, 'ok')).toContain('1 of 3 calls (33 %) get their sound from the relay');
      expect(messagesOf(all, 'warning')).toContain(
        'no audio has arrived from 1 of 3 phones that were looked at, such as member 8 of conference 3000',
      );
      expect(messagesOf(all, 'problem')).toContain('the relay is not connected to the controller');
      expect(messagesOf(all, 'problem')).toContain(
        'application "rostrum" is not registered, although the controller says that it is connected',
      );
    } finally {
      await server.stop();
    }
  });

  it('a wrong password, and an Asterisk that is not there', async () => {
    const withPassword = (ROSTRUM_ARI_PASSWORD: string) => examine(configPath, { ROSTRUM_ARI_PASSWORD });
    expect(messagesOf(await withPassword('wrong'), 'problem')).toEqual([
      `ARI at ${asterisk.ariUrl} refuses the user "rostrum"`,
    ]);
    const nowhere = await examineWith({ asterisk: { url: `http://${address}:9`, passwordFile: 'ari-password' } });
    expect(messagesOf(nowhere, 'problem')).toEqual([
      expect.stringMatching(`^ARI does not answer at http://${address}:9: .*ECONNREFUSED`),
    ]);
  });
});

it('every module that it looks for is one that asterisk-config/modules.conf loads', async () => {
  const text = await readFile(join(REPOSITORY, 'asterisk-config/modules.conf'), 'utf8');
  const loaded = [...text.matchAll(/^(require|load) = (\S+)$/gm)].map(([, word, name]) => [word, name]);
  const required = loaded.flatMap(([word, name]) => (word === 'require' ? [name] : []));
  expect(required).toEqual(expect.arrayContaining(NEEDED_MODULES.map(({ module }) => module)));
  expect(loaded.map(([, name]) => name)).toEqual(expect.arrayContaining(USEFUL_MODULES.map(({ module }) => module)));
});
