import { expect, it } from 'vitest';
import type { Call, ReinviteOptions } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { HEARD } from './audience-harness.ts';
import { harness } from './harness.ts';

/** Phones that describe their audio again in mid-call (re-INVITE). */

const lab = harness({
  profile: { idleSeconds: 1 },
  extra: { set: [['pjsip.conf', 'anonymous', 'allow', 'g722,ulaw,alaw,slin16']] },
});

/** A speaker, whose voice the others hear, and another speaker and a listener. */
async function three() {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const other = await lab.phones.call('4000', { callerNumber: '201', send: tone(1300, -20) });
  const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await lab.node.waitForMembers('3000', 3);
  await Promise.all([other, listener].map((call) => call.waitForTone(440, HEARD)));
  return { speaker, other, listener };
}

const volumeOf = async ({ callerNumber }: Call) => (await lab.node.member('3000', callerNumber)).listenVolume;

/** The phone hears the speaker, and its keys are understood. */
async function expectGoesOn(call: Call, codec: Call['heardCodec']): Promise<void> {
  const { received } = call.stats();
  await expect.poll(() => call.stats().received).toBeGreaterThan(received + 20);
  await expect.poll(() => call.heardCodec).toBe(codec);
  await call.waitForToneLevel(440, -20, { overMs: 100 });
  const before = await volumeOf(call);
  await call.pressKeys('4');
  await expect.poll(() => volumeOf(call)).toBe((before ?? 0) - 1);
  expect(call.end).toBeNull();
}

it.each<ReinviteOptions>([
  { codec: 'PCMA' },
  { codec: 'PCMA', port: 'new' },
  { port: 'new' },
  { late: true },
  { late: true, port: 'new' },
])('a phone that describes its audio again goes on, heard and hearing: %o', async (how) => {
  const { speaker, other, listener } = await three();
  for (const call of [other, listener]) {
    expect(await call.reinvite(how)).toBe(200);
    await expectGoesOn(call, how.codec ?? 'PCMU');
  }
  await speaker.waitForToneLevel(1300, -20);
  expect(await lab.node.member('3000', '101')).toMatchObject({ path: 'relay' });
});

it('a phone whose description is refused goes on as before', async () => {
  const { speaker, other, listener } = await three();
  for (const call of [other, listener]) {
    const alter = (sdp: string) => sdp.replace('RTP/AVP 0 ', 'RTP/AVP 97 ').replace('rtpmap:0 PCMU', 'rtpmap:97 EVRC');
    expect(await call.reinvite({ alter })).toBe(488);
    await expectGoesOn(call, 'PCMU');
  }
  await speaker.waitForToneLevel(1300, -20);
});

it('a listener who changes to a codec that the relay does not encode hears the bridge, and the relay again after', async () => {
  const { listener } = await three();
  const path = async () => (await lab.node.member('3000', '101')).path;
  expect(await listener.reinvite({ codec: 'L16' })).toBe(200);
  await expect.poll(path).toBe('bridge');
  await expect.poll(() => listener.heardCodec).toBe('L16');
  expect(await listener.reinvite({ codec: 'PCMA' })).toBe(200);
  await expect.poll(path).toBe('relay');
  await expectGoesOn(listener, 'PCMA');
});
