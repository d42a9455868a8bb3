import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { parse, stringify } from 'yaml';
import type { StatusView } from '../../src/api/schemas.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { harness } from './harness.ts';

/** Dialplan that asks for what is not there. */
const WRONG = `
[rostrum-dial-in](+)
exten => 801,1,Stasis(rostrum,join,3000,no-such-profile)
exten => 802,1,Stasis(rostrum,join,3000,default,+loud)
exten => 803,1,Stasis(rostrum,leave)
exten => 804,1,Stasis(rostrum,join,not a name,default)
exten => 805,1,Stasis(rostrum)
`;

const lab = harness({ extra: { append: { 'extensions.conf': WRONG } } });
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-bad-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** One line for people, besides what is logged: no stack trace, and it says something. */
const ONE_LINE = /^(?:\S+ (?:info|warn): .*\n)*rostrum: [^\n]{10,}\n(?:\S+ (?:info|warn): .*\n)*$/;

async function config(changes: { asterisk?: object; [key: string]: unknown }): Promise<string> {
  const standard = parse(await readFile(lab.node.configPath, 'utf8')) as { asterisk: object };
  const path = join(directory, 'rostrum.yaml');
  const socket = join(directory, 'other.sock');
  const asterisk = { ...standard.asterisk, ...changes.asterisk };
  const text = { ...standard, api: { socket }, ...changes, asterisk };
  await writeFile(path, stringify(text));
  return path;
}

describe('a call that asks for what is not there', () => {
  it.each(['801', '802', '803', '804', '805'])(
    'is refused, told in one line, and disturbs nobody: %s',
    async (number) => {
      const other = await lab.phones.call('3000', { callerNumber: '100' });
      await lab.node.waitForMembers('3000', 1);
      const linesBefore = (await lab.node.log()).split('\n').length;
      await expect(lab.phones.call(number, { callerNumber: '66' })).rejects.toMatchObject({
        code: 'call-failed',
        status: 404,
      });
      const lines = (await lab.node.log()).split('\n').slice(linesBefore - 1);
      expect(lines.filter((line) => line.includes('error: call from 66 turned away: '))).toHaveLength(1);
      await lab.node.waitForMembers('3000', 1);
      await other.hangUp();
      await lab.node.waitForMembers('3000', 0);
    },
  );
});

describe('a command', () => {
  it.each([
    [['show', 'nowhere'], 3, 'no conference "nowhere"'],
    [['member', 'nowhere', '1', 'kick'], 3, 'no conference "nowhere"'],
    [['member', '3000', '99', 'kick'], 3, 'no member 99'],
    [['member', '3000', '99', 'status'], 3, 'no member 99'],
    [['member', '3000', 'x', 'kick'], 3, 'has the number or name "x"'],
    [['member', '3000', '1', 'dance'], 2, 'unknown action "dance"'],
    [['member', '3000', '1', 'flags'], 2, 'flags: which?'],
    [['member', '3000', '1', 'flags', '+loud'], 2, 'unknown flag "+loud"'],
    [['show', '../etc'], 3, 'no conference "../etc"'],
    [['list', '--socket', '/nowhere/x.sock'], 4, 'no controller: /nowhere/x.sock'],
    [['profile', 'check', '/nowhere'], 2, '/nowhere'],
    [['start', '--config', '/nowhere/rostrum.yaml'], 2, '/nowhere/rostrum.yaml: cannot be read'],
  ])('that is wrong says so in one line: %j', async (words, status, message) => {
    const call = await lab.phones.call('3000', { callerNumber: '100' });
    const { code, stderr, stdout } = await lab.node.cli(...words);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: status, stdout: '' });
    await call.hangUp();
  });

  it.each([['dance'], ['show'], ['list', '--loud']])('that does not exist shows the usage: %j', async (...words) => {
    const { code, stderr } = await lab.node.cli(...words);
    expect(code).toBe(2);
    expect(stderr).toContain('--help');
  });
});

describe('a controller', () => {
  it('beside another with the same socket ends with status 6', async () => {
    const { code, stderr } = await lab.node.cli('controller', '--config', lab.node.configPath);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('another controller is running');
    expect(code).toBe(6);
    await lab.node.waitUntilConnected();
  });

  it('for an application that another one serves ends with status 6, and disturbs nobody', async () => {
    const call = await lab.phones.call('3000', { callerNumber: '100' });
    const before = await lab.node.waitForMembers('3000', 1);
    const { code, stderr } = await lab.node.cli('start', '--config', await config({}));
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('served by another controller');
    expect(code).toBe(6);
    expect((await lab.node.show('3000')).members).toEqual(before.members);
    await call.pressKeys('#');
    await call.ended;
  });

  it('whose application another program takes lets the calls go on, and takes it back', async () => {
    const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    const listener = await lab.phones.call('3000', { callerNumber: '100', send: silence() });
    await listener.waitForTone(440, { aboveDbov: -30, timeoutMs: 5000 });
    const pid = await lab.node.controllerPid();
    for (const call of [speaker, listener]) call.resetStats();
    const { ariUrl, ariUsername, ariPassword } = lab.node.asterisk;
    const login = `${ariUsername}:${ariPassword}`;
    const other = new WebSocket(`${ariUrl.replace('http', 'ws')}/ari/events?app=rostrum&api_key=${login}`);
    await once(other, 'open');
    await expect.poll(() => lab.node.controllerPid().catch(() => pid)).not.toBe(pid);
    await lab.node.waitUntilConnected();
    expect(await lab.node.log()).toMatch(
      /rostrum: another program has taken application "rostrum" .*\n.*starting it again/,
    );
    await listener.pressKeys('6');
    await expect.poll(async () => (await lab.node.member('3000', '100')).listenVolume).toBe(1);
    expect(listener.stats()).toMatchObject({ lost: 0, streams: 1 });
    for (const call of [speaker, listener]) await call.hangUp();
  });

  it('whose password is changed says so, and goes on with the new one as soon as it is in its file', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '100', send: silence() });
    await lab.node.waitForMembers('3000', 1);
    const { directory: ofAsterisk, ariPassword } = lab.node.asterisk;
    const file = join(ofAsterisk, 'etc/ari.conf');
    const before = await readFile(file, 'utf8');
    const passwordFile = join(lab.node.directory, 'ari-password');
    const change = async (password: string) => {
      await writeFile(file, before.replace(ariPassword, password));
      await lab.node.asterisk.cli('module reload res_ari.so');
    };
    try {
      await change('another');
      const problem = async () => (await lab.node.api.get<StatusView>('/status')).problems[0]?.detail;
      await expect.poll(problem).toContain('refuses user "rostrum": compare the password');
      await writeFile(passwordFile, 'another');
      await lab.node.waitUntilConnected();
      await listener.pressKeys('6');
      await expect.poll(async () => (await lab.node.member('3000', '100')).listenVolume).toBe(1);
    } finally {
      await change(ariPassword);
      await writeFile(passwordFile, ariPassword);
      await lab.node.waitUntilConnected();
    }
    await listener.hangUp();
  });

  it('with a wrong password ends with status 5', async () => {
    const passwordFile = join(directory, 'wrong');
    await writeFile(passwordFile, 'wrong', { mode: 0o600 });
    const { code, stderr } = await lab.node.cli('start', '--config', await config({ asterisk: { passwordFile } }));
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('refuses user "rostrum"');
    expect(code).toBe(5);
  });

  it('with a password that others can read ends with status 2', async () => {
    const passwordFile = join(directory, 'open');
    await writeFile(passwordFile, 'secret');
    await chmod(passwordFile, 0o644);
    const { code, stderr } = await lab.node.cli('start', '--config', await config({ asterisk: { passwordFile } }));
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('chmod 600');
    expect(code).toBe(2);
  });

  it('whose socket cannot be made ends with status 2', async () => {
    const path = await config({ api: { socket: '/dev/null/x.sock' } });
    const { code, stderr } = await lab.node.cli('controller', '--config', path);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('/dev/null/x.sock');
    expect(code).toBe(2);
  });

  it('whose relay finds another one in its place ends with status 6', async () => {
    const relay = { socket: join(lab.node.directory, 'relay.sock') };
    const { code, stderr } = await lab.node.cli('start', '--config', await config({ relay }));
    // The controller may have found the other controller before it is ended.
    for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^(rostrum:|\S+ (info|warn):) ./);
    expect(stderr).toMatch(/^rostrum: another relay is running: ./m);
    expect(code).toBe(6);
  });

  it('with mistakes in its configuration says where they are, all of them', async () => {
    const path = await config({ asterisk: { url: 'nonsense', colour: 'red' }, log: { level: 'loud' } });
    const { code, stderr } = await lab.node.cli('start', '--config', path);
    expect(stderr.trim().split('\n')).toHaveLength(3);
    expect(stderr).toMatch(/rostrum\.yaml:\d+:\d+: asterisk\.url: expected a URL/);
    expect(stderr).toMatch(/rostrum\.yaml:\d+:\d+: asterisk\.colour: unknown key/);
    expect(code).toBe(2);
  });

  it('with a mistake in a profile says where it is', async () => {
    const profiles = await mkdtemp(join(directory, 'profiles-'));
    await writeFile(join(profiles, 'default.yaml'), 'kind: conference\nidleSeconds: soon\n');
    const { code, stderr } = await lab.node.cli('start', '--config', await config({ profiles }));
    expect(stderr).toMatch(/default\.yaml:2:1: idleSeconds: /);
    expect(code).toBe(2);
  });
});

describe('an Asterisk', () => {
  let server: Server;
  let answer: { status: number; body: object } | null;

  beforeAll(async () => {
    server = createServer((_request, response) => {
      if (answer) response.writeHead(answer.status).end(JSON.stringify(answer.body));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const url = () => `http://127.0.0.1:${(server.address() as { port: number }).port}`;

  it.each([
    ['too old', { status: 200, body: { system: { version: '18.9.0' } } }, 'Asterisk 18.9.0 is too old: 20'],
    ['without ARI', { status: 404, body: {} }, 'is not an Asterisk with ARI'],
    ['that is something else', { status: 200, body: { hello: 'world' } }, 'is not an Asterisk with ARI'],
  ])('%s ends the controller with status 5', async (_what, given, message) => {
    answer = given;
    const { code, stderr } = await lab.node.cli('start', '--config', await config({ asterisk: { url: url() } }));
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(message);
    expect(code).toBe(5);
  });

  it('that has not loaded ARI yet is asked again', async () => {
    answer = { status: 404, body: {} };
    const started = lab.node.cli('start', '--config', await config({ asterisk: { url: url() } }));
    await sleep(1500);
    answer = { status: 200, body: { system: { version: '18.9.0' } } };
    const { code, stderr } = await started;
    expect(stderr).toContain('Asterisk 18.9.0 is too old: 20');
    expect(code).toBe(5);
  });

  it('that is down is waited for, and the admin socket says what is wrong', async () => {
    const path = await config({ asterisk: { url: 'http://127.0.0.1:9' } });
    const child = spawn(process.execPath, ['dist/cli/main.js', 'controller', '--config', path], { stdio: 'ignore' });
    try {
      const status = () => lab.node.cli('status', '--json', '--socket', join(directory, 'other.sock'));
      await expect.poll(async () => (await status()).stdout, { timeout: 10_000 }).toContain('ECONNREFUSED');
      expect(child.exitCode).toBeNull();
    } finally {
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
    }
  });

  it('that cannot be reached in mid-call makes commands fail with status 5, and is adopted again', async () => {
    const call = await lab.phones.call('3000', { callerNumber: '100' });
    await lab.node.waitForMembers('3000', 1);
    const { id } = await lab.node.member('3000', '100');
    lab.node.asterisk.kill('SIGSTOP');
    try {
      const { code, stderr } = await lab.node.cli('member', '3000', String(id), 'flags', '+speaker');
      expect(stderr).toMatch(ONE_LINE);
      expect(code).toBe(5);
    } finally {
      lab.node.asterisk.kill('SIGCONT');
    }
    await lab.node.waitUntilConnected();
    await expect.poll(() => lab.node.member('3000', '100'), { timeout: 10_000 }).toMatchObject({ id, role: 'speaker' });
    await call.hangUp();
    await lab.node.waitForMembers('3000', 0);
  });
});
