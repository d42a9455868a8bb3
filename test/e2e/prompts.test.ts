import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/conference/model/commands.ts';
import type { PromptName } from '../../src/prompts/catalogue.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

/** Prompts are tones here, each with a frequency of its own, so that one hears which it is. */
const TONE_HZ = {
  welcome: 600,
  alone: 700,
  bye: 800,
  muted: 900,
  unmuted: 1100,
  deafened: 1200,
  undeafened: 1300,
  speaker: 1400,
  unspeaker: 1500,
  admin: 1600,
  unadmin: 1700,
  kicked: 1800,
  'hand-raised': 1900,
  'hand-lowered': 2000,
  'hand-your-turn': 2100,
  'floor-muted': 2200,
  'floor-unmuted': 2300,
  lockednow: 2400,
  unlockednow: 2500,
  hold: 2600,
  private: 2700,
  'private-ended': 2800,
  'conference-ending': 2900,
  transferred: 3300,
  joined: 3000,
  left: 3100,
  locked: 3200,
  'you-are-muted': 1000,
} satisfies Partial<Record<PromptName, number>>;

const prompts = {
  ...SILENT.prompts,
  ...Object.fromEntries(Object.entries(TONE_HZ).map(([name, hz]) => [name, `tone:${hz}/400`])),
};

/** A speaker of conference 3000 who is muted. */
const MUTED = '9000';

const lab = harness({
  profile: { sound: { music: 'none', prompts, announce: 'tone' } },
  extra: {
    append: {
      'extensions.conf': `\n[rostrum-dial-in](+)\nexten => ${MUTED},1,Stasis(rostrum,join,3000,default,+speaker,+mute)\n`,
    },
  },
});

const HEARD = { aboveDbov: -35, timeoutMs: 3000 };
const hears = (call: Call, prompt: keyof typeof TONE_HZ) => call.waitForTone(TONE_HZ[prompt], HEARD);

/** Three members, so that a prompt to one is mixed into the conference. */
async function three(): Promise<{ speaker: Call; member: Call; other: Call; id: number }> {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const member = await lab.phones.call('3000', { callerNumber: '101', send: tone(350, -20) });
  const other = await lab.phones.call('3000', { callerNumber: '102', send: silence() });
  await lab.node.waitForMembers('3000', 3);
  await Promise.all([member.waitForTone(440, HEARD), other.waitForTone(440, HEARD)]);
  return { speaker, member, other, id: (await lab.node.member('3000', '101')).id };
}

const run = (command: Command) => lab.node.command('3000', command);

describe('a caller', () => {
  it('is welcomed, told of being alone, and then hears the conference', async () => {
    const first = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await hears(first, 'welcome');
    await hears(first, 'alone');
    await lab.node.waitForMembers('3000', 1);
    const second = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    await hears(second, 'welcome');
    await Promise.all([hears(first, 'joined'), first.waitForTone(440, HEARD)]);
    await second.hangUp();
    await lab.node.waitForMembers('3000', 1);
  });

  it('who leaves by a key hears good-bye before the call ends, and the others a tone', async () => {
    const { member, other } = await three();
    await Promise.all([hears(member, 'bye'), member.ended, hears(other, 'left'), member.pressKeys('#')]);
  });

  it('finds a locked conference locked, and the others do not hear the caller', async () => {
    const { speaker } = await three();
    await run({ type: 'lock', locked: true });
    await hears(speaker, 'lockednow');
    // The call is not answered: the prompt is early media, and costs the caller nothing.
    const late = lab.phones.dial('4000', { callerNumber: '103', send: tone(1000, -10) });
    await hears(late, 'locked');
    expect(await late.ended).toMatchObject({ status: 603 });
    expect(speaker.toneLevelDbov(1000, { lastMs: 1500 })).toBeLessThan(-60);
    await run({ type: 'lock', locked: false });
    await hears(speaker, 'unlockednow');
  });

  it('who moderates gets into a locked conference, and is heard', async () => {
    const { member } = await three();
    await run({ type: 'lock', locked: true });
    await hears(member, 'lockednow');
    await lab.phones.call('5000', { callerNumber: '500', send: tone(1000, -20) });
    await member.waitForTone(1000, HEARD);
    await lab.node.waitForMembers('3000', 4);
    expect(await lab.node.show('3000')).toMatchObject({ locked: true });
  });

  it('who joins while all but moderators are muted is not heard until that is lifted, and a moderator is', async () => {
    const { member } = await three();
    await run({ type: 'mute-all', audience: 'non-admins' });
    await hears(member, 'floor-muted');
    await lab.phones.call('4000', { callerNumber: '201', send: tone(1000, -20) });
    await lab.phones.call('5000', { callerNumber: '500', send: tone(750, -20) });
    await lab.node.waitForMembers('3000', 5);
    await member.waitForTone(750, HEARD);
    await member.waitForSilence({ freqHz: 1000, belowDbov: -55, forMs: 1000, timeoutMs: 3000 });
    await run({ type: 'mute-all', audience: null });
    await member.waitForTone(1000, HEARD);
  });
});

describe('a change of flags', () => {
  it.each([
    ['muted', 'unmuted', 'mute'],
    ['deafened', 'undeafened', 'deaf'],
    ['speaker', 'unspeaker', 'speaker'],
    ['admin', 'unadmin', 'admin'],
  ] as const)('is told to the member alone, over the conference: %s, %s', async (on, off, flag) => {
    const { member, speaker, other, id } = await three();
    for (const [prompt, value] of [
      [on, true],
      [off, false],
    ] as const) {
      const told = hears(member, prompt);
      await run({ type: 'set-flags', memberId: id, changes: { [flag]: value } });
      await told;
      for (const call of [speaker, other])
        expect(call.toneLevelDbov(TONE_HZ[prompt], { lastMs: 1000 })).toBeLessThan(-55);
    }
    await member.waitForTone(440, HEARD);
  });

  it('that gives a voice is heard by the others within 100 ms, whatever the prompt to the new speaker', async () => {
    const { speaker, member, id } = await three();
    const givenMs = performance.now();
    const heard = speaker.waitForTone(350, HEARD);
    const told = hears(member, 'speaker');
    await run({ type: 'set-flags', memberId: id, changes: { speaker: true } });
    expect((await heard) - givenMs).toBeLessThan(100);
    await told;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(speaker.toneLevelDbov(350, { lastMs: 200 })).toBeGreaterThan(-24);
  });
});

it('a muted speaker who talks is told so once, alone, and one who is silent is told nothing', async () => {
  const talkHz = 550;
  const { speaker, member, other } = await three();
  const fromMs = performance.now();
  const quiet = await lab.phones.call(MUTED, { callerNumber: '202', send: silence() });
  const talking = await lab.phones.call(MUTED, { callerNumber: '203', send: tone(talkHz, -20) });
  await hears(talking, 'you-are-muted');
  await talking.waitForNoTone(TONE_HZ['you-are-muted'], { belowDbov: -55, timeoutMs: 3000 });
  const silentFromMs = performance.now();
  // The relay reports it again after 5 s.
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const toMs = performance.now();
  expect(talking.toneLevelDbov(TONE_HZ['you-are-muted'], { fromMs: silentFromMs, toMs })).toBeLessThan(-55);
  for (const call of [quiet, speaker, member, other]) {
    expect(call.toneLevelDbov(TONE_HZ['you-are-muted'], { fromMs, toMs })).toBeLessThan(-55);
    expect(call.toneLevelDbov(talkHz, { fromMs, toMs })).toBeLessThan(-55);
  }
});

it('a speaker who is muted just now is not told that again', async () => {
  const { speaker } = await three();
  const { id: memberId } = await lab.node.member('3000', '200');
  const fromMs = performance.now();
  await run({ type: 'set-flags', memberId, changes: { mute: true } });
  await hears(speaker, 'muted');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const toMs = performance.now();
  expect(speaker.toneLevelDbov(TONE_HZ['you-are-muted'], { fromMs, toMs })).toBeLessThan(-55);
});

describe('a moderator', () => {
  it('kicks: the kicked one hears why before the call ends', async () => {
    const { member, id } = await three();
    await run({ type: 'kick', memberId: id });
    await hears(member, 'kicked');
    await member.ended;
  });

  it('mutes all: everybody hears it once, and the speaker is not heard until it is lifted', async () => {
    const { speaker, member, other } = await three();
    const told = [speaker, member, other].map((call) => hears(call, 'floor-muted'));
    await run({ type: 'mute-all', audience: 'non-admins' });
    await Promise.all(told);
    await member.waitForSilence({ freqHz: 440, belowDbov: -55, timeoutMs: 2000 });
    await run({ type: 'mute-all', audience: null });
    await Promise.all([speaker, member, other].map((call) => hears(call, 'floor-unmuted')));
    await member.waitForTone(440, HEARD);
  });

  it('puts on hold, brings together and apart: each is told, and nobody else', async () => {
    const { speaker, member, other, id } = await three();
    const { id: speakerId } = await lab.node.member('3000', '200');
    await run({ type: 'hold', memberId: id, held: true });
    await hears(member, 'hold');
    await run({ type: 'hold', memberId: id, held: false });
    await member.waitForTone(440, HEARD);
    await run({ type: 'talk-privately', memberId: speakerId, withMemberId: id });
    await Promise.all([hears(speaker, 'private'), hears(member, 'private')]);
    await run({ type: 'end-private', memberId: id });
    await Promise.all([hears(speaker, 'private-ended'), hears(member, 'private-ended')]);
    for (const prompt of ['hold', 'private', 'private-ended'] as const) {
      expect(other.toneLevelDbov(TONE_HZ[prompt], { lastMs: 4000 })).toBeLessThan(-55);
    }
  });

  it('moves a member to another conference, who is told', async () => {
    const { member, id } = await three();
    await run({ type: 'transfer', memberId: id, conference: '3999', profileName: null });
    await hears(member, 'transferred');
    await lab.node.waitForMembers('3999', 1);
  });

  it('gives the floor to the hand that was raised first', async () => {
    const { speaker, member, id } = await three();
    await run({ type: 'raise-hand', memberId: id, raised: true });
    await hears(member, 'hand-raised');
    await run({ type: 'raise-hand', memberId: id, raised: false });
    await hears(member, 'hand-lowered');
    await run({ type: 'raise-hand', memberId: id, raised: true });
    await run({ type: 'next-hand' });
    await Promise.all([hears(member, 'hand-your-turn'), speaker.waitForTone(350, HEARD)]);
  });

  it('ends the conference: everybody hears it, and all calls end', async () => {
    const { speaker, member, other } = await three();
    const told = [speaker, member, other].map((call) => hears(call, 'conference-ending'));
    await run({ type: 'terminate' });
    await Promise.all(told);
    await Promise.all([speaker.ended, member.ended, other.ended]);
    await lab.node.waitForMembers('3000', 0);
  });
});
