import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { freePort, mediaAddressOf } from '../../scripts/machine.ts';
import { firstAddress } from '../../src/config/relay-config.ts';
import { BrowserPhone } from '../kit/browser/browser-phone.ts';
import { ownAddress } from '../kit/loopback.ts';
import { Baresip, type BaresipOptions } from '../kit/other-phones/baresip.ts';
import { type EncryptedPhone, VOICE_DBOV, VOICE_HZ } from '../kit/other-phones/other-phone.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { harness } from './harness.ts';

const ADDRESS = ownAddress();
const [TLS_PORT, WSS_PORT] = [await freePort(ADDRESS), await freePort(ADDRESS)];
const directory = mkdtempSync(join(tmpdir(), 'rostrum-certificate-'));
const [CERTIFICATE, KEY] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')];
execFileSync(
  'openssl',
  [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${ADDRESS}`],
    ...['-addext', `subjectAltName=IP:${ADDRESS}`, '-keyout', KEY, '-out', CERTIFICATE],
  ],
  { stdio: 'ignore' },
);
afterAll(() => rmSync(directory, { recursive: true }));

const PASSWORD = 'between-us';
const LEVEL_DBOV = -20;
const HERE_HZ = 700;
const NOT_HEARD_DBOV = -55;
const STEP_DB = 3;
const WITHIN = { timeout: 8000, interval: 100 };
const STEADY = { withinDb: 1, overMs: 400, timeoutMs: 8000 };
const FILES = [
  ['cert_file', CERTIFICATE],
  ['priv_key_file', KEY],
] as const;

const lab = harness({
  bindAddress: ADDRESS,
  profile: { controls: 'keys' },
  profiles: { keys: { kind: 'controls', extends: 'mod-xconf-keys', keys: { '9': 'hand' } } },
  extra: {
    enable: ['transport-tls', 'transport-wss', 'phone', 'dtls-phone', 'browser'].map(
      (section) => ['pjsip.conf', section] as const,
    ),
    set: [
      ['pjsip.conf', 'transport-tls', 'bind', `${ADDRESS}:${TLS_PORT}`],
      ...FILES.map(([key, path]) => ['pjsip.conf', 'transport-tls', key, path] as const),
      ['pjsip.conf', 'transport-tls', 'external_media_address', ADDRESS],
      ['pjsip.conf', 'transport-tls', 'local_net', `${mediaAddressOf(ADDRESS)}/32`],
      ['pjsip.conf', 'encrypted', 'media_address', ADDRESS],
      ['pjsip.conf', 'phone', 'password', PASSWORD],
      ['pjsip.conf', 'dtls-phone', 'password', PASSWORD],
      ['pjsip.conf', 'browser', 'auth', 'sha256'],
      ['rtp.conf', 'general', 'icesupport', 'yes'],
    ],
    append: {
      // Browsers have no MD5 of their own, and baresip knows nothing else.
      'pjsip.conf': `
[sha256]
type = auth
auth_type = userpass
username = browser
password = ${PASSWORD}
supported_algorithms_uas = SHA-256
`,
      'modules.conf': 'load = res_pjsip_transport_websocket.so',
      'http.conf': `
[general](+)
tlsenable = yes
tlsbindaddr = ${ADDRESS}:${WSS_PORT}
tlscertfile = ${CERTIFICATE}
tlsprivatekey = ${KEY}
`,
    },
  },
});

const certificateOf = (path: string) => new X509Certificate(readFileSync(path)).publicKey;

const BROWSER: Start = () =>
  BrowserPhone.start({
    url: `wss://${ADDRESS}:${WSS_PORT}/ws`,
    host: ADDRESS,
    user: 'browser',
    password: PASSWORD,
    pin: createHash('sha256')
      .update(certificateOf(CERTIFICATE).export({ type: 'spki', format: 'der' }))
      .digest('base64'),
  });
const baresip =
  (user: string, encryption: BaresipOptions['encryption']): Start =>
  () =>
    Baresip.start({ host: ADDRESS, port: TLS_PORT }, user, {
      transport: 'tls',
      certificate: CERTIFICATE,
      password: PASSWORD,
      ...(encryption && { encryption }),
    });

type Start = () => Promise<EncryptedPhone>;
const PHONES: readonly (readonly [name: string, user: string, start: Start])[] = [
  ['baresip with SRTP, its keys exchanged by SDES,', 'phone', baresip('phone', 'srtp-mand')],
  ['baresip with SRTP, its keys exchanged by DTLS,', 'dtls-phone', baresip('dtls-phone', 'dtls_srtp')],
  ['Chromium with WebRTC', 'browser', BROWSER],
];

it.for(PHONES)('%s hears, presses keys, is given a voice and is heard, from the bridge', async (each, { skip }) => {
  const [, user, start] = each;
  if (start === BROWSER && firstAddress() === '127.0.0.1')
    skip('this machine has only loopback, where ICE finds nothing');
  const phone = await start();
  try {
    const moderator = await lab.phones.call('5000', { callerNumber: '201', send: tone(HERE_HZ, LEVEL_DBOV) });
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    const hears = (dbov: number) =>
      expect.poll(async () => Math.abs((await phone.hears(HERE_HZ)) - dbov), WITHIN).toBeLessThan(1);
    const member = () => lab.node.member('3000', user);

    await phone.dial('3000');
    await hears(LEVEL_DBOV);
    expect(await member()).toMatchObject({ role: 'listener', path: 'bridge', pathReason: 'its RTP is encrypted' });

    await phone.press('*');
    await expect.poll(() => phone.hears(HERE_HZ), WITHIN).toBeLessThan(NOT_HEARD_DBOV);
    await phone.press('*');
    await hears(LEVEL_DBOV);
    await phone.pressLong('6');
    await hears(LEVEL_DBOV + STEP_DB);
    expect(await member()).toMatchObject({ deaf: false, listenVolume: 1 });

    await phone.press('9');
    await expect.poll(async () => (await member()).handRaisedAt, WITHIN).not.toBeNull();
    for (const each of [moderator, listener])
      expect(each.toneLevelDbov(VOICE_HZ, { lastMs: 1000 })).toBeLessThan(NOT_HEARD_DBOV);
    await moderator.pressKeys('*3');
    await moderator.waitForToneLevel(VOICE_HZ, VOICE_DBOV, STEADY);
    await listener.waitForToneLevel(VOICE_HZ, VOICE_DBOV, STEADY);
    if (phone instanceof BrowserPhone) expect(await phone.encryption()).toMatchObject({ dtlsState: 'connected' });

    await phone.hangUp();
    await lab.node.waitForMembers('3000', 2);
  } finally {
    await phone.stop();
  }
});

it('a phone whose SIP goes over TLS, and whose audio is not encrypted, is a listener at the relay', async () => {
  const phone = await Baresip.start({ host: ADDRESS, port: TLS_PORT }, '333', {
    transport: 'tls',
    certificate: CERTIFICATE,
  });
  try {
    await lab.phones.call('4000', { callerNumber: '200', send: tone(HERE_HZ, LEVEL_DBOV) });
    await phone.dial('3000');
    await expect.poll(async () => Math.abs((await phone.hears(HERE_HZ)) - LEVEL_DBOV), WITHIN).toBeLessThan(1);
    expect(await lab.node.member('3000', '333')).toMatchObject({ role: 'listener', path: 'relay' });
    await phone.hangUp();
  } finally {
    await phone.stop();
  }
});

it('nobody has an encrypted endpoint without its password', async () => {
  const from = `<sip:phone@${ADDRESS}>`;
  await expect(lab.phones.call('3000', { from })).rejects.toMatchObject({ code: 'call-failed', status: 401 });
  // Asterisk's log has no word about what it asks for and gets.
  expect(readFileSync(lab.node.asterisk.logPath, 'utf8')).not.toContain('security event');
});
