import { describe, expect, it } from 'vitest';
import { Baresip } from '../kit/other-phones/baresip.ts';
import { VOICE_DBOV, VOICE_HZ } from '../kit/other-phones/other-phone.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { listen } from './audience-harness.ts';
import { bank, harness } from './harness.ts';

const lab = harness({ profile: { idleSeconds: 1 } });

const LEVEL_DBOV = -20;
const HERE_HZ = 700;
const THERE_HZ = 1300;
const WITHIN = { timeout: 8000, interval: 20 };
const STEADY = { withinDb: 1, overMs: 400, timeoutMs: 8000 };
const LISTENED_MS = 1200;

describe.each([10, 30, 60])('phones with packets of %i ms', (ptimeMs) => {
  const others = bank(() => ({ server: lab.node.server, ptimeMs }));

  it('hear the relay and speak as those with 20 ms, and have their keys', async () => {
    const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(HERE_HZ, LEVEL_DBOV) });
    const there = await others.phones.call('4000', { callerNumber: '201', send: tone(THERE_HZ, LEVEL_DBOV) });
    const listening = await others.phones.call('3000', { callerNumber: '101', send: silence() });
    const { members } = await lab.node.waitForMembers('3000', 3);
    expect(members.map(({ path }) => path)).toEqual(['relay', 'relay', 'relay']);
    await Promise.all([there, listening].map((call) => call.waitForToneLevel(HERE_HZ, LEVEL_DBOV, STEADY)));
    await Promise.all([speaking, listening].map((call) => call.waitForToneLevel(THERE_HZ, LEVEL_DBOV, STEADY)));
    const volume = async () => (await lab.node.member('3000', '101')).listenVolume;
    await listening.pressKeys('6');
    await expect.poll(volume, WITHIN).toBe(1);
    listening.resetStats();
    await listen(LISTENED_MS);
    // A listener gets packets of 20 ms, whatever the phone sends: `audience.packetMs` of the profile decides.
    expect(listening.stats().received).toBeGreaterThan(0.8 * (LISTENED_MS / 20));
    expect(listening.stats()).toMatchObject({ lost: 0, streams: 1 });
  });
});

describe('an offer', () => {
  const listenWith = (alterSdp: (sdp: string) => string) =>
    lab.phones.call('3000', { callerNumber: '101', send: silence(), alterSdp });

  it('with video beside audio is taken without the video', async () => {
    await lab.phones.call('4000', { callerNumber: '200', send: tone(HERE_HZ, LEVEL_DBOV) });
    const listening = await listenWith((sdp) => `${sdp}m=video 40002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n`);
    await listening.waitForToneLevel(HERE_HZ, LEVEL_DBOV, STEADY);
    expect(await lab.node.member('3000', '101')).toMatchObject({ role: 'listener', path: 'relay' });
  });

  it.each([
    ['no codec that the endpoint allows', (sdp: string) => sdp.replace(/(RTP\/AVP).*/, '$1 18')],
    ['encrypted audio only, to an endpoint that is not', (sdp: string) => sdp.replace('RTP/AVP', 'RTP/SAVP')],
    ['video alone', (sdp: string) => sdp.replace('m=audio', 'm=video')],
  ])('of %s is refused with 488', async (_, alterSdp) => {
    await expect(listenWith(alterSdp)).rejects.toMatchObject({ code: 'call-failed', status: 488 });
  });
});

it('a phone whose SIP goes over TCP is a listener at the relay, and is heard when it is given a voice', async () => {
  const phone = await Baresip.start(lab.node.server, '333', { transport: 'tcp' });
  try {
    const moderator = await lab.phones.call('5000', { callerNumber: '201', send: tone(HERE_HZ, LEVEL_DBOV) });
    await phone.dial('3000');
    await expect.poll(async () => Math.abs((await phone.hears(HERE_HZ)) - LEVEL_DBOV), WITHIN).toBeLessThan(1);
    const { id, path } = await lab.node.member('3000', '333');
    expect(path).toBe('relay');
    await lab.node.command('3000', { type: 'set-flags', memberId: id, changes: { speaker: true } });
    await moderator.waitForToneLevel(VOICE_HZ, VOICE_DBOV, STEADY);
    await phone.hangUp();
    await lab.node.waitForMembers('3000', 1);
  } finally {
    await phone.stop();
  }
});
