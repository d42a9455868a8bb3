import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { nothing, silence, tone } from '../kit/phone/sound.ts';
import { HEARD, NOT_HEARD_DBOV } from './audience-harness.ts';
import { harness } from './harness.ts';

const lab = harness({
  profile: { idleSeconds: 1, access: { lobbyNumbers: ['XXXX'] } },
  profiles: { waiting: { kind: 'conference', extends: 'default', access: { waitForAdmin: true } } },
  extra: {
    append: {
      'extensions.conf': `
[rostrum-dial-in](+)
exten => _88XX,1,Stasis(rostrum,lobby,default,+speaker)
exten => _90XX,1,Stasis(rostrum,join,other,default)
exten => _91XX,1,Stasis(rostrum,join,3910,waiting)
`,
    },
  },
});

describe('the music of a phone that holds the call is not heard', () => {
  /** What the phone sends is heard as soon as it takes the call back, and was not heard before. */
  async function expectHeldUntilTakenBack(
    holding: Call,
    listening: Call,
    conference: string,
    takeBack = () => holding.hold(false),
  ): Promise<void> {
    await expect
      .poll(() => lab.node.member(conference, holding.callerNumber))
      .toMatchObject({ phoneHold: true, mute: false });
    await sleep(500);
    expect(listening.toneLevelDbov(440, { lastMs: 500 })).toBeLessThan(NOT_HEARD_DBOV);
    expect(await takeBack()).toBe(200);
    await listening.waitForTone(440, HEARD);
  }

  it('in the conference that the member is moved to', async () => {
    const listening = await lab.phones.call('9000', { callerNumber: '101' });
    const holding = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    const { id } = (await lab.node.waitForMembers('3000', 1)).members[0] ?? { id: 0 };
    expect(await holding.hold(true)).toBe(200);
    await expect.poll(() => lab.node.member('3000', '200')).toMatchObject({ phoneHold: true });
    await lab.node.command('3000', { type: 'transfer', memberId: id, conference: 'other', profileName: null });
    await expectHeldUntilTakenBack(holding, listening, 'other');
  });

  it('in the conference that the caller dials in the lobby', async () => {
    const listening = await lab.phones.call('3000', { callerNumber: '101' });
    const holding = await lab.phones.call('8800', { callerNumber: '200', send: tone(440, -20) });
    expect(await holding.hold(true)).toBe(200);
    await holding.pressKeys('3000#');
    await expectHeldUntilTakenBack(holding, listening, '3000');
  });

  it.each([
    ['sendonly', (sdp: string) => sdp.replace('a=sendrecv', 'a=sendonly')],
    ['inactive', (sdp: string) => sdp.replace('a=sendrecv', 'a=inactive')],
    ['an address of zeros', (sdp: string) => sdp.replace(/^c=.*/m, 'c=IN IP4 0.0.0.0')],
  ])('that holds it with its first INVITE, by %s', async (_, alterSdp) => {
    const listening = await lab.phones.call('3000', { callerNumber: '101' });
    const holding = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20), alterSdp });
    await lab.node.waitForMembers('3000', 2);
    // Nor for a moment.
    await sleep(500);
    expect(listening.toneLevelDbov(440, { lastMs: 1000 })).toBeLessThan(NOT_HEARD_DBOV);
    const takeBack = () => holding.reinvite({ alter: (sdp) => sdp });
    await expectHeldUntilTakenBack(holding, listening, '3000', takeBack);
  });

  it('that holds it with an INVITE that takes the place of another call', async () => {
    const listening = await lab.phones.call('3000', { callerNumber: '101' });
    const before = await lab.phones.call('4000', { callerNumber: '200', send: tone(700, -20) });
    await listening.waitForTone(700, HEARD);
    const holding = await lab.phones.call('4000', {
      callerNumber: '201',
      send: tone(440, -20),
      headers: before.replaces,
      alterSdp: (sdp) => sdp.replace('a=sendrecv', 'a=sendonly'),
    });
    expect(await before.ended).toMatchObject({ by: 'them' });
    const takeBack = () => holding.reinvite({ alter: (sdp) => sdp });
    await expectHeldUntilTakenBack(holding, listening, '3000', takeBack);
  });

  it('where the member begins to hold while there is no controller, and is a speaker later', async () => {
    const listening = await lab.phones.call('3000', { callerNumber: '101' });
    const holding = await lab.phones.call('3000', { callerNumber: '200', send: tone(440, -20) });
    await lab.node.waitForMembers('3000', 2);
    const { id } = await lab.node.member('3000', '200');
    await lab.node.stopRostrum();
    expect(await holding.hold(true)).toBe(200);
    await lab.node.startRostrum();
    await lab.node.waitForMembers('3000', 2);
    await lab.node.command('3000', { type: 'set-flags', memberId: id, changes: { speaker: true } });
    await expectHeldUntilTakenBack(holding, listening, '3000');
  });
});

it('a speaker whose call is no SIP call, so that it is not known to be held, is a member also after a restart', async () => {
  const { ariUrl, ariUsername, ariPassword } = lab.node.asterisk;
  const authorization = `Basic ${Buffer.from(`${ariUsername}:${ariPassword}`).toString('base64')}`;
  const call = 'endpoint=Local/3001@rostrum-dial-in&app=rostrum&appArgs=join,3000,default,%2Bspeaker';
  const made = await fetch(`${ariUrl}/ari/channels?${call}`, { method: 'POST', headers: { authorization } });
  expect(made.status).toBe(200);
  await lab.node.waitForMembers('3000', 1);
  await lab.node.stopRostrum();
  await lab.node.startRostrum();
  const { members } = await lab.node.waitForMembers('3000', 1);
  expect(members).toMatchObject([{ role: 'speaker', pathReason: 'not a SIP call' }]);
  await lab.node.command('3000', { type: 'hang-up', memberId: members[0]?.id ?? 0 });
  await lab.node.waitForMembers('3001', 0);
});

it('a phone that gets no sound gets packets of silence at least every other second, so that nothing on the way closes', async () => {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const listen = (callerNumber: string, send = silence()) => lab.phones.call('3000', { callerNumber, send });
  const [deaf, mute, held, holding] = await Promise.all([
    listen('101'),
    listen('102', nothing()),
    listen('103'),
    listen('104'),
  ]);
  const waiting = await lab.phones.call('9100', { callerNumber: '105' });
  await lab.node.waitForMembers('3000', 5);
  for (const call of [deaf, mute]) await call.pressKeys('*');
  const { id } = await lab.node.member('3000', '103');
  await lab.node.command('3000', { type: 'hold', memberId: id, held: true });
  expect(await holding.hold(true)).toBe(200);
  await expect.poll(() => lab.node.member('3910', '105')).toMatchObject({ place: 'waiting' });
  for (const number of ['101', '102']) {
    await expect.poll(() => lab.node.member('3000', number)).toMatchObject({ deaf: true });
  }
  const calls = { deaf, mute, held, holding, waiting };
  for (const call of Object.values(calls)) call.resetStats();
  await sleep(8000);
  for (const [name, call] of Object.entries(calls)) {
    const { received, longestGapMs, streams } = call.stats();
    expect({ name, received, streams }).toEqual({ name, received: expect.any(Number), streams: 1 });
    expect(received, name).toBeGreaterThanOrEqual(4);
    expect(longestGapMs, name).toBeLessThan(2000);
  }
  expect(speaker.end).toBeNull();
});
