import { expect, it } from 'vitest';
import { freePort } from '../../scripts/machine.ts';
import { Baresip } from '../kit/other-phones/baresip.ts';
import { Linphonec } from '../kit/other-phones/linphonec.ts';
import { type OtherPhone, VOICE_DBOV, VOICE_HZ } from '../kit/other-phones/other-phone.ts';
import { SippPhone } from '../kit/other-phones/sipp-phone.ts';
import { tone } from '../kit/phone/sound.ts';
import type { SipServer } from '../kit/sip/address.ts';
import { harness } from './harness.ts';

const lab = harness({
  // linphonec says no port in a transfer.
  sipPort: 5060,
  profile: { controls: 'keys' },
  profiles: { keys: { kind: 'controls', extends: 'mod-xconf-keys', keys: { '9': 'hand' } } },
});

const LEVEL_DBOV = -20;
/** Of a key for the volume. */
const STEP_DB = 3;
const [HERE_HZ, THERE_HZ] = [700, 1000];
const NOT_HEARD_DBOV = -55;
const WITHIN = { timeout: 8000, interval: 0 };
const STEADY = { withinDb: 1, overMs: 400, timeoutMs: 8000 };

type Start = (server: SipServer) => Promise<OtherPhone>;
const PHONES: readonly (readonly [name: string, callerNumber: string, start: Start])[] = [
  ['baresip', '333', (server) => Baresip.start(server, '333')],
  ['linphonec', '334', (server) => Linphonec.start(server, '334')],
  ['SIPp', 'sipp', SippPhone.start],
];

it.each(PHONES)(
  '%s hears, presses keys short and long, raises a hand, speaks, is transferred, holds, resumes and leaves',
  async (_, callerNumber, start) => {
    const phone = await start(lab.node.server);
    try {
      await scenario(phone, callerNumber);
    } finally {
      await phone.stop();
    }
  },
);

it('linphonec gives its place in a conference to another phone by an attended transfer: the same member', async () => {
  const sipPort = await freePort('127.0.0.1');
  const phones: Linphonec[] = [];
  try {
    const first = await Linphonec.start(lab.node.server, '334');
    phones.push(first);
    const second = await Linphonec.start(lab.node.server, '335', sipPort);
    phones.push(second);
    const other = await lab.phones.call('4000', { callerNumber: '201', send: tone(HERE_HZ, LEVEL_DBOV) });
    await first.consult(sipPort);
    await first.dial('4000');
    await other.waitForToneLevel(VOICE_HZ, VOICE_DBOV, STEADY);
    const { id } = await lab.node.member('3000', '334');

    await first.handOver();
    await expect.poll(() => lab.node.member('3000', '335').catch(() => null), WITHIN).toMatchObject({ id });
    await lab.node.waitForMembers('3000', 2);
    await expect.poll(() => second.hears(HERE_HZ), WITHIN).toBeGreaterThan(LEVEL_DBOV - 1);
    await other.waitForToneLevel(VOICE_HZ, VOICE_DBOV, STEADY);
    await second.hangUp();
    await lab.node.waitForMembers('3000', 1);
  } finally {
    await Promise.all(phones.map((phone) => phone.stop()));
  }
});

async function scenario(phone: OtherPhone, callerNumber: string): Promise<void> {
  const hears = (freqHz: number, dbov: number) =>
    expect.poll(async () => Math.abs((await phone.hears(freqHz)) - dbov), WITHIN).toBeLessThan(1);
  const doesNotHear = (freqHz: number) => expect.poll(() => phone.hears(freqHz), WITHIN).toBeLessThan(NOT_HEARD_DBOV);
  const member = (conference = '3000') => lab.node.member(conference, callerNumber);

  const moderator = await lab.phones.call('5000', { callerNumber: '201', send: tone(HERE_HZ, LEVEL_DBOV) });
  await phone.dial('3000');
  await hears(HERE_HZ, LEVEL_DBOV);
  expect(await member()).toMatchObject({ role: 'listener', path: 'relay' });

  await phone.press('*');
  await doesNotHear(HERE_HZ);
  await phone.press('*');
  await hears(HERE_HZ, LEVEL_DBOV);
  await phone.pressLong('6');
  await hears(HERE_HZ, LEVEL_DBOV + STEP_DB);
  expect(await member()).toMatchObject({ deaf: false, listenVolume: 1 });

  await phone.press('9');
  await expect.poll(async () => (await member()).handRaisedAt, WITHIN).not.toBeNull();
  await phone.speak();
  expect(moderator.toneLevelDbov(VOICE_HZ, { lastMs: 1000 })).toBeLessThan(NOT_HEARD_DBOV);
  await moderator.pressKeys('*3');
  await moderator.waitForToneLevel(VOICE_HZ, VOICE_DBOV, STEADY);
  expect(await member()).toMatchObject({ role: 'speaker', handRaisedAt: null });

  const there = await lab.phones.call('4001', { callerNumber: '301', send: tone(THERE_HZ, LEVEL_DBOV) });
  await lab.node.command('3000', {
    type: 'transfer',
    memberId: (await member()).id,
    conference: '3001',
    profileName: null,
  });
  await Promise.all([hears(THERE_HZ, LEVEL_DBOV), there.waitForToneLevel(VOICE_HZ, VOICE_DBOV, STEADY)]);
  await doesNotHear(HERE_HZ);
  await moderator.waitForNoTone(VOICE_HZ, { belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 });

  await phone.hold();
  await expect.poll(async () => (await member('3001')).phoneHold, WITHIN).toBe(true);
  await there.waitForNoTone(VOICE_HZ, { belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 });
  await phone.resume();
  await expect.poll(async () => (await member('3001')).phoneHold, WITHIN).toBe(false);
  await there.waitForToneLevel(VOICE_HZ, VOICE_DBOV, STEADY);
  if (phone.hearsAfterHold) await hears(THERE_HZ, LEVEL_DBOV);

  await phone.hangUp();
  await lab.node.waitForMembers('3001', 1);
}
