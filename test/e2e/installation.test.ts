import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DebianHost } from '../kit/debian-host.ts';
import { backupBlocks, blockWithPackage, installationBlock, putCheckout, startHost } from '../kit/installed-host.ts';
import type { Call } from '../kit/phone/call.ts';
import { SILENCE_DBOV, steadyToneLevelDbov } from '../kit/phone/judge.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { parseWav } from '../kit/phone/wav.ts';

/** The block of docs/installation.md, and the packages that it makes, on hosts with Debian and systemd. */

const INSTALL_TIMEOUT_MS = 900_000;
const SPOKEN_DBOV = -20;
const HEARD = { aboveDbov: -30, timeoutMs: 10_000 };
const WITHIN = { timeout: 20_000, interval: 200 };
const CHECKOUT = '/root/rostrum';
const RECORDINGS = '/var/spool/asterisk/recording';
/** The package of a later version. */
const MAKE_NEXT = `
  dpkg-deb -R /root/rostrum_*.deb /root/next
  sed -i 's/^Version: .*/Version: 99.0.0/' /root/next/DEBIAN/control
  sed -i 's/"version": "[^"]*"/"version": "99.0.0"/' /root/next/usr/lib/rostrum/package.json
  dpkg-deb --build -Znone --root-owner-group /root/next /root/next.deb`;
/** The other host has the prompts as they are supplied. */
const QUICK_PROMPTS = `
  rostrum profile set default sound.prompts.welcome none
  rostrum profile set default sound.prompts.alone none`;

const obstacle = await DebianHost.obstacle();
/** The package for Debian, as the block has made it. */
let packages: string;
let host: DebianHost;
let phones: PhoneBank;
let output: string;

/** The block is run once: what it makes is installed on the other host as well. */
beforeAll(async () => {
  if (obstacle !== null) return;
  packages = await mkdtemp(join(tmpdir(), 'rostrum-packages-'));
  host = await startHost();
  await putCheckout(host, CHECKOUT);
  output = await host.expect(`set -e\n${installationBlock()}`, { directory: CHECKOUT });
  for (const name of await readdir(host.pathOf(CHECKOUT))) {
    if (name.endsWith('.deb')) await cp(host.pathOf(join(CHECKOUT, name)), join(packages, name));
  }
}, INSTALL_TIMEOUT_MS);

afterAll(() => obstacle ?? rm(packages, { recursive: true, force: true }));
beforeEach(({ skip }) => skip(obstacle !== null, obstacle ?? ''));
afterEach(() => phones?.hangUpAll());

describe('a host with Debian and nothing else', () => {
  beforeAll(async () => {
    if (obstacle === null) phones = await phonesOf(host);
  });
  afterAll(stopHost);

  it('has a working conference after the block of docs/installation.md, and doctor finds nothing wrong', async () => {
    expect(output).toMatch(/OK +koffi/);
    expect(output).not.toContain('PROBLEM');
    await expectToWork('first');
  });
});

describe('a host with the package for Debian', () => {
  const CALLS = 50;

  beforeAll(async () => {
    if (obstacle !== null) return;
    host = await startHost();
    for (const name of await readdir(packages)) await cp(join(packages, name), host.pathOf(`/root/${name}`));
    await host.expect(`set -e\n${blockWithPackage()}`);
    await host.expect(`${MAKE_NEXT}\n${QUICK_PROMPTS}`);
    await host.expect('useradd alice && usermod -a -G rostrum alice && useradd mallory');
    phones = await phonesOf(host);
  }, INSTALL_TIMEOUT_MS);
  afterAll(stopHost);

  it('lets the group give commands, change settings and read recordings, and nobody else', async () => {
    await expectToWork('rights');
    await host.expect(
      `rostrum status && rostrum profile set default limits.speakers 40 && rostrum conference add 3001 name=Press &&
      test -r ${RECORDINGS}/rights.wav && rostrum recordings get rights.wav /tmp/copy.wav`,
      { user: 'alice' },
    );
    await host.expect(`cmp /tmp/copy.wav ${RECORDINGS}/rights.wav`);
    await host.expect('rostrum conference show 3001', { user: 'rostrum' });
    await expect.poll(async () => (await host.run('rostrum status')).code, WITHIN).toBe(0);
    expect(await host.run('rostrum status --socket /run/rostrum/rostrum.sock', { user: 'mallory' })).toMatchObject({
      code: 4,
      output: expect.stringContaining('may not be used by this user'),
    });
    const secret = [
      '/etc/rostrum/ari-password',
      '/etc/asterisk/ari.conf',
      '/etc/rostrum/profiles/default.yaml',
      '/etc/rostrum/conferences/conferences.yaml',
      '/var/lib/rostrum/reports/*',
      `${RECORDINGS}/rights.wav`,
    ];
    for (const path of secret) expect((await host.run(`cat ${path}`, { user: 'mallory' })).code, path).not.toBe(0);
    await host.expect(`rostrum recordings remove rights.wav && test ! -e ${RECORDINGS}/rights.wav`, { user: 'alice' });
  });

  it('keeps Rostrum away from the rest of the host, and gives the relay a high priority', async () => {
    await host.expect('systemd-analyze security --threshold=30 rostrum.service');
    const niceness = async (process: string) =>
      (await host.expect(`ps -o ni= -p $(pgrep -u rostrum -f 'main.js ${process}')`)).trim();
    expect(await niceness('relay')).toBe('-10');
    expect(await niceness('controller')).toBe('0');
    expect(await host.expect('ps -C asterisk -o cls=')).not.toMatch(/RR|FF/);
  });

  it('tells of wrong owners and modes, and has them corrected when Rostrum is started', async () => {
    await host.expect(`
      chown root:root /etc/rostrum/ari-password && chmod 644 /etc/rostrum/ari-password
      chmod 700 /etc/rostrum /var/lib/rostrum && chown -R root:root /etc/rostrum/profiles /run/rostrum /var/lib/rostrum
      chmod 600 /etc/rostrum/profiles/*
      chmod 644 /etc/asterisk/ari.conf
      mv ${RECORDINGS} /root/`);
    const doctor = (await host.run('rostrum doctor')).output;
    for (const path of ['/etc/rostrum', '/etc/rostrum/profiles', '/etc/rostrum/profiles/default.yaml'])
      expect(doctor).toMatch(new RegExp(`PROBLEM +files .* cannot (enter|list|read) ${path}:`));
    expect(doctor).toMatch(/PROBLEM +secrets +other users can read .*ari-password/);
    expect(doctor).toMatch(/PROBLEM +secrets +other users can read .*ari\.conf/);
    expect(doctor).toMatch(/WARNING +recordings .* is not there/);
    const status = async () => (await host.run('rostrum status')).output;
    await expect.poll(status, WITHIN).toMatch(/WARNING settings(?=[\s\S]*WARNING rec)(?=[\s\S]*WARNING reports)/);

    await host.expect('chmod 640 /etc/asterisk/ari.conf && systemctl restart rostrum');
    await connected();
    await expectToWork('corrected');
    await host.expect('rostrum profile set default limits.speakers 30', { user: 'alice' });
  });

  it('is upgraded under 50 calls, and loses none', async () => {
    const listeners = await callIn(CALLS);
    await host.expect('apt-get install --yes /root/next.deb');
    expect(await host.expect('rostrum status')).toContain('Rostrum 99.0.0');
    expect(JSON.parse(await host.expect('rostrum show 3000 --json'))).toMatchObject({ total: CALLS + 1 });
    for (const call of listeners) call.resetStats();
    await Promise.all(listeners.map((call) => call.waitForTone(440, HEARD)));
    for (const call of listeners) expect(call.end).toBeNull();
  });

  it('goes on with the version that runs when there is no space for another one', async () => {
    const [listener] = await callIn(1);
    await host.expect('mount -t tmpfs -o size=1M tmpfs /usr/lib/rostrum/node_modules');
    const { code, output } = await host.run('dpkg --install /root/rostrum_*.deb');
    await host.expect('umount /usr/lib/rostrum/node_modules');
    expect(code).not.toBe(0);
    expect(output).toMatch(/No space left/);
    await listener?.waitForTone(440, HEARD);
    await host.expect('dpkg --install /root/rostrum_*.deb && rostrum status');
    expect(listener?.end).toBeNull();
  });

  it('comes back from a backup', async () => {
    await callIn(1);
    await phones.hangUpAll();
    const [save = '', restore = ''] = backupBlocks();
    await host.expect(
      `set -e\n${save}\nsystemctl stop rostrum\nrm -rf /etc/rostrum /var/lib/rostrum /etc/asterisk/*.conf`,
    );
    await host.expect(`set -e\n${restore}`);
    await connected();
    expect(await host.expect('rostrum report 3000 --csv')).toContain('200');
    await expectToWork('restored');
  });

  it('ends its calls by BYE when the package is removed, and purging removes all but recordings', async () => {
    const listeners = await callIn(3);
    await host.expect(`touch ${RECORDINGS}/kept.wav && apt-get remove --yes rostrum`);
    for (const call of listeners) await expect.poll(() => call.end, WITHIN).not.toBeNull();
    expect((await host.run('systemctl is-active rostrum')).output.trim()).not.toBe('active');
    await host.expect('test -e /etc/rostrum/ari-password && apt-get purge --yes rostrum');
    expect(
      (await host.run('ls -d /etc/rostrum /var/lib/rostrum /var/cache/rostrum /usr/lib/rostrum')).output,
    ).not.toMatch(/^\//m);
    await host.expect(`test -e ${RECORDINGS}/kept.wav`);
  });
});

async function phonesOf({ address, peerAddress }: DebianHost): Promise<PhoneBank> {
  const bank = new PhoneBank({ bindAddress: peerAddress, server: { host: address, port: 5060 } });
  await bank.start();
  return bank;
}

async function stopHost(): Promise<void> {
  await phones?.stop();
  await host?.stop();
}

/** As soon as the controller takes calls. */
function connected(): Promise<void> {
  return vi.waitFor(async () => {
    if (!/connected, version/.test(await host.expect('rostrum status'))) throw new Error('it is not connected');
  }, WITHIN);
}

/** A first conference: a call that is heard, a recording that holds the tone, and an attendance report. */
async function expectToWork(recording: string): Promise<void> {
  const speaker = await speakerIn();
  const listener = await phones.call('3000', { callerNumber: '101', send: silence() });
  await listener.waitForTone(440, HEARD);
  await host.expect(`rostrum record 3000 start ${recording} && sleep 2 && rostrum record 3000 stop`);
  // Its header tells the length once it is complete.
  await expect.poll(async () => Math.abs((await recordedDbov(recording)) - SPOKEN_DBOV), WITHIN).toBeLessThan(1.5);
  await Promise.all([speaker, listener].map((call) => call.hangUp()));
  const report = async () => (await host.expect('rostrum report 3000 --csv')).trim().split('\n');
  await expect.poll(async () => (await report()).length, WITHIN).toBeGreaterThan(2);
  expect((await report()).join('\n')).toMatch(/200[\s\S]*101/);
}

/** How loud the tone of the speaker is in a recording; the prompt that announces the recording is in it as well. */
async function recordedDbov(name: string): Promise<number> {
  const file = await readFile(host.pathOf(`${RECORDINGS}/${name}.wav`)).catch(() => null);
  const samples = file && parseWav(file);
  return samples ? steadyToneLevelDbov(samples, 440) : SILENCE_DBOV;
}

/** @returns a moderator, who says a tone and has heard all prompts */
async function speakerIn(): Promise<Call> {
  const profile = await readFile(host.pathOf('/etc/rostrum/profiles/default.yaml'), 'utf8');
  const [, pin = ''] = /^ *adminPin: ["']?(\d+)/m.exec(profile) ?? [];
  const speaker = await phones.call('5000', { callerNumber: '200', send: tone(440, SPOKEN_DBOV) });
  await expect.poll(() => speaker.stats().firstAudibleMs, WITHIN).not.toBeNull();
  await speaker.pressKeys(`${pin}#`);
  const members = async () => (await host.run('rostrum show 3000')).output;
  await expect.poll(members, WITHIN).toMatch(/ 200 .* speaker .* floor +yes /);
  return speaker;
}

/** @returns listeners who hear a speaker */
async function callIn(count: number): Promise<Call[]> {
  await speakerIn();
  const numbers = Array.from({ length: count }, (_, index) => String(300 + index));
  const listeners = await Promise.all(
    numbers.map((callerNumber) => phones.call('3000', { callerNumber, send: silence() })),
  );
  await Promise.all(listeners.map((call) => call.waitForTone(440, HEARD)));
  return listeners;
}
