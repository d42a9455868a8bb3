import { expect, it } from 'vitest';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

/** The keys that come along, as callers press them. */

const ADMIN_HZ = 2300;
const SPEAKER_HZ = 1000;
const LISTENER_HZ = 2700;
const ASKED_HZ = 1400;
const HEARD = { aboveDbov: -35, timeoutMs: 4000 };
const gone = (freqHz: number) => ({ freqHz, belowDbov: -55, timeoutMs: 4000 });
const WITHIN = { timeout: 4000, interval: 20 };

const lab = harness({
  profile: {
    controls: 'default-keys',
    adminControls: 'admin-keys',
    idleSeconds: 1,
    sound: { ...SILENT, prompts: { ...SILENT.prompts, confirm: `tone:${ASKED_HZ}/300` } },
  },
});

const member = () => lab.node.member('3000', '101');

async function three() {
  const dial = (number: string, callerNumber: string, hz: number) =>
    lab.phones.call(number, { callerNumber, send: tone(hz, -20) });
  const admin = await dial('5000', '500', ADMIN_HZ);
  const speaker = await dial('4000', '200', SPEAKER_HZ);
  const listener = await dial('3000', '101', LISTENER_HZ);
  await lab.node.waitForMembers('3000', 3);
  await Promise.all([speaker, listener].map((call) => call.waitForTone(ADMIN_HZ, HEARD)));
  return { admin, speaker, listener };
}

it('a listener raises the hand, gets the floor, mutes, and is a listener again when the floor is taken back', async () => {
  const { admin, speaker, listener } = await three();
  await listener.pressKeys('*9');
  await expect.poll(async () => (await member()).handRaisedAt, WITHIN).not.toBeNull();
  await admin.pressKeys('#9');
  await speaker.waitForTone(LISTENER_HZ, HEARD);
  await listener.pressKeys('*6');
  await speaker.waitForSilence(gone(LISTENER_HZ));
  await listener.pressKeys('*6');
  await speaker.waitForTone(LISTENER_HZ, HEARD);
  await admin.pressKeys('#6');
  await speaker.waitForSilence(gone(LISTENER_HZ));
  expect(await member()).toMatchObject({ role: 'listener', handRaisedAt: null });
  expect(await lab.node.member('3000', '200')).toMatchObject({ role: 'speaker' });
});

it('a listener asks for help, and a moderator talks with them alone', async () => {
  const { admin, speaker, listener } = await three();
  await listener.pressKeys('*0');
  await expect.poll(async () => (await lab.node.show('3000')).helps, WITHIN).toEqual([(await member()).id]);
  await admin.pressKeys('#0');
  await Promise.all([admin.waitForTone(LISTENER_HZ, HEARD), listener.waitForSilence(gone(SPEAKER_HZ))]);
  await speaker.waitForSilence(gone(ADMIN_HZ));
  expect(await lab.node.show('3000')).toMatchObject({ helps: [] });
  await admin.pressKeys('#0');
  await Promise.all([speaker.waitForTone(ADMIN_HZ, HEARD), listener.waitForTone(SPEAKER_HZ, HEARD)]);
});

it('single digits do nothing', async () => {
  const { admin, speaker, listener } = await three();
  const before = await lab.node.show('3000');
  for (const call of [listener, admin]) await call.pressKeys('0123456789');
  // Keys are acted on in order.
  await admin.pressKeys('*5');
  await expect.poll(() => lab.node.show('3000'), WITHIN).toMatchObject({ locked: true });
  const after = await lab.node.show('3000');
  const lasting = ({ talking: _, ...rest }: (typeof after.members)[number]) => rest;
  expect(after.members.map(lasting)).toEqual(before.members.map(lasting));
  await speaker.waitForTone(ADMIN_HZ, HEARD);
});

it('a moderator is asked before the conference ends, and before somebody is removed', async () => {
  const { admin, speaker, listener } = await three();
  await Promise.all([admin.waitForTone(ASKED_HZ, HEARD), admin.pressKeys('*0')]);
  await admin.pressKeys('2');
  await Promise.all([admin.waitForSilence(gone(ASKED_HZ)), speaker.waitForTone(ADMIN_HZ, HEARD)]);
  await Promise.all([admin.waitForTone(ASKED_HZ, HEARD), admin.pressKeys('*4')]);
  const late = await lab.phones.call('3000', { callerNumber: '102', send: silence() });
  await lab.node.waitForMembers('3000', 4);
  await admin.pressKeys('1');
  await late.ended;
  await lab.node.waitForMembers('3000', 3);
  await Promise.all([admin.waitForTone(ASKED_HZ, HEARD), admin.pressKeys('*0')]);
  await admin.pressKeys('1');
  await Promise.all([admin, speaker, listener].map((call) => call.ended));
});
