import { describe, expect, it } from 'vitest';
import type { PromptName } from '../../src/prompts/catalogue.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { toneFile } from '../kit/tone-file.ts';
import { harness } from './harness.ts';

const TONE_HZ = {
  'enter-pin': 600,
  'bad-pin': 700,
  'pin-failed': 800,
  'enter-conference': 900,
  'bad-conference': 1100,
  bye: 1200,
  waiting: 1300,
  full: 1400,
  'admin-left': 1500,
  'time-warning': 1600,
  'time-over': 1700,
  admin: 1800,
  'conference-ending': 1900,
  joined: 2300,
  left: 2500,
} satisfies Partial<Record<PromptName, number>>;

const prompts = {
  ...SILENT.prompts,
  ...Object.fromEntries(Object.entries(TONE_HZ).map(([name, hz]) => [name, `tone:${hz}/300`])),
};
const sound = { music: 'none', prompts };

const profileOf = (more: object) => ({ kind: 'conference', controls: 'pin-keys', idleSeconds: 1, sound, ...more });

const MUSIC_HZ = 2100;
const music = await toneFile(MUSIC_HZ);

/** Each access number leads to a conference with a profile of its own. */
const DIALPLAN = `
[rostrum-dial-in](+)
exten => _81XX,1,Stasis(rostrum,join,pin,pin)
exten => _82XX,1,Stasis(rostrum,join,pin,pin,+auth)
exten => _83XX,1,Stasis(rostrum,join,led,led)
exten => _84XX,1,Stasis(rostrum,join,led,led,+admin,+speaker)
exten => _85XX,1,Stasis(rostrum,join,small,small)
 same => n,Gosub(rostrum-away,s,1)
exten => _86XX,1,Stasis(rostrum,join,small,small,+admin)
exten => _87XX,1,Stasis(rostrum,join,short,short)
exten => _88XX,1,Stasis(rostrum,lobby,default)
exten => _90XX,1,Stasis(rostrum,join,brief,brief)
exten => _91XX,1,Stasis(rostrum,lobby,pin)
exten => _92XX,1,Stasis(rostrum,join,cohosts,cohosts,+admin,+speaker)
exten => _93XX,1,Stasis(rostrum,join,cohosts,cohosts)
exten => _94XX,1,Stasis(rostrum,join,lesson,lesson,+mandatory,+speaker)
exten => _95XX,1,Stasis(rostrum,join,lesson,lesson)
exten => _96XX,1,Stasis(rostrum,join,lesson,lesson,+ghost)
`;

const lab = harness({
  profile: { sound },
  profiles: {
    pin: profileOf({ access: { userPin: '1234', adminPin: '987654', adminFlags: ['+speaker'], timeoutSeconds: 3 } }),
    led: profileOf({
      access: { waitForAdmin: true, endWithoutAdmin: true, adminGraceSeconds: 1 },
      sound: { ...sound, music: 'tone' },
    }),
    cohosts: profileOf({ access: { endWhenAdminLeaves: true, adminGraceSeconds: 1 } }),
    lesson: profileOf({
      access: { adminGraceSeconds: 1 },
      limits: { members: 3 },
      sound: { ...sound, announce: 'tone' },
    }),
    small: profileOf({ limits: { members: 1 } }),
    short: profileOf({ limits: { callMinutes: 0.05, warningSeconds: 2 } }),
    brief: profileOf({ limits: { conferenceMinutes: 0.06, warningSeconds: 2 } }),
    'pin-keys': { kind: 'controls', keys: { '#': 'hangup', '1': 'admin' } },
  },
  extra: { append: { 'extensions.conf': DIALPLAN, 'musiconhold.conf': music.musicClass } },
});

const HEARD = { aboveDbov: -35, timeoutMs: 6000 };
const hears = (call: Call, prompt: keyof typeof TONE_HZ) => call.waitForTone(TONE_HZ[prompt], HEARD);
const dial = (number: string, callerNumber: string, send = silence()) =>
  lab.phones.call(number, { callerNumber, send });

it('callers in the lobby and at the PIN are shown, and are no members', async () => {
  const [atPin, inLobby] = [await dial('8100', '150'), await dial('8800', '151')];
  await Promise.all([hears(atPin, 'enter-pin'), hears(inLobby, 'enter-conference')]);
  const printed = async (...words: string[]) => (await lab.node.cli(...words)).stdout;
  const status = await printed('status');
  expect(status).toMatch(/^members +0$/m);
  expect(status).toMatch(/^joining +1 caller in the lobby, 1 caller at the PIN$/m);
  expect(await printed('list')).toMatch(
    /^1 conference\n1 caller in the lobby, who has not dialled a conference yet\n$/m,
  );
  expect(await printed('show', 'members', 'pin')).toMatch(/at the PIN.*\n0 members, 1 caller at the PIN\n$/);
  expect(await printed('nodes')).toMatch(/^\S+ +self +1 +0 /m);
});

describe('a PIN', () => {
  it('of users lets in, and no sooner', async () => {
    const caller = await dial('8100', '101');
    await hears(caller, 'enter-pin');
    expect(await lab.node.member('pin', '101')).toMatchObject({ place: 'door', presence: 'joining' });
    // People press # although the number is complete.
    await caller.pressKeys('1234#');
    await lab.node.waitForMembers('pin', 1);
    expect(await lab.node.member('pin', '101')).toMatchObject({ admin: false, role: 'listener' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await lab.node.waitForMembers('pin', 1);
  });

  it('of moderators lets in as moderator, with the flags of moderators', async () => {
    const caller = await dial('8100', '102');
    await hears(caller, 'enter-pin');
    await caller.pressKeys('987654');
    await lab.node.waitForMembers('pin', 1);
    expect(await lab.node.member('pin', '102')).toMatchObject({ admin: true, role: 'speaker' });
  });

  it('that is wrong three times ends the call', async () => {
    const caller = await dial('8100', '103');
    await hears(caller, 'enter-pin');
    for (const wrong of ['1111#', '2222#']) {
      await Promise.all([hears(caller, 'bad-pin'), caller.pressKeys(wrong)]);
      await hears(caller, 'enter-pin');
    }
    await Promise.all([hears(caller, 'pin-failed'), caller.pressKeys('3333#')]);
    await caller.ended;
    await expect(lab.node.member('pin', '103')).rejects.toThrow();
  });

  it('that does not come in time counts as a try', async () => {
    const caller = await dial('8100', '104');
    await hears(caller, 'enter-pin');
    await hears(caller, 'bad-pin');
    await caller.hangUp();
  });

  it('of 40 digits is wrong, and disturbs nobody', async () => {
    const inside = await dial('8200', '105');
    await lab.node.waitForMembers('pin', 1);
    const caller = await dial('8100', '106');
    await hears(caller, 'enter-pin');
    await caller.pressKeys('5'.repeat(40), { via: 'info' });
    await caller.ended;
    expect(inside.stats().lost).toBe(0);
    await lab.node.waitForMembers('pin', 1);
  });

  it('is not asked from a caller authenticated by the dialplan', async () => {
    await dial('8200', '107');
    await lab.node.waitForMembers('pin', 1);
  });

  it('makes a member a moderator in mid-call', async () => {
    const caller = await dial('8200', '108');
    await lab.node.waitForMembers('pin', 1);
    await Promise.all([hears(caller, 'enter-pin'), caller.pressKeys('1')]);
    await Promise.all([hears(caller, 'admin'), caller.pressKeys('987654')]);
    expect(await lab.node.member('pin', '108')).toMatchObject({ admin: true });
  });
});

describe('a conference that waits for a moderator', () => {
  it('plays music, begins when the moderator comes, and ends a while after the moderator left', async () => {
    const waiting = await dial('8300', '110');
    await hears(waiting, 'waiting');
    await expect.poll(() => lab.node.member('led', '110')).toMatchObject({ place: 'waiting' });
    await waiting.waitForTone(MUSIC_HZ, HEARD);
    const admin = await dial('8400', '111', tone(440, -20));
    await waiting.waitForTone(440, HEARD);
    await waiting.waitForNoTone(MUSIC_HZ, { belowDbov: -55, timeoutMs: 3000 });
    await admin.hangUp();
    await hears(waiting, 'admin-left');
    await waiting.ended;
  });

  it('goes on when the moderator comes back in time', async () => {
    const first = await dial('8400', '111', tone(440, -20));
    const listening = await dial('8300', '112');
    await listening.waitForTone(440, HEARD);
    await first.hangUp();
    await lab.node.waitForMembers('led', 1);
    await dial('8400', '113', tone(500, -20));
    await listening.waitForTone(500, HEARD);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await lab.node.waitForMembers('led', 2);
  });
});

it('a conference that ends when any moderator leaves ends though another one is there', async () => {
  const [first, second] = [await dial('9200', '114'), await dial('9200', '115')];
  const listening = await dial('9300', '116');
  await lab.node.waitForMembers('cohosts', 3);
  await first.hangUp();
  await Promise.all([second, listening].map((call) => hears(call, 'admin-left')));
  await Promise.all([second.ended, listening.ended]);
});

it('a conference with a mandatory member goes on without others, and ends without that one', async () => {
  const teacher = await dial('9400', '117');
  const [pupil, other] = [await dial('9500', '118'), await dial('9500', '119')];
  await lab.node.waitForMembers('lesson', 3);
  await Promise.all([hears(pupil, 'left'), other.hangUp()]);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await lab.node.waitForMembers('lesson', 2);
  await teacher.hangUp();
  await hears(pupil, 'admin-left');
  await pupil.ended;
});

it('a ghost hears the conference, is not announced, and takes nobody a place', async () => {
  const teacher = await dial('9400', '117', tone(440, -20));
  const pupil = await dial('9500', '118');
  await Promise.all([hears(teacher, 'joined'), pupil.waitForTone(440, HEARD)]);
  await Promise.all(
    [teacher, pupil].map((call) => call.waitForNoTone(TONE_HZ.joined, { belowDbov: -55, timeoutMs: 3000 })),
  );
  const fromMs = performance.now();
  const ghost = await dial('9600', '119');
  await ghost.waitForTone(440, HEARD);
  const { counts, members } = await lab.node.show('lesson');
  expect(counts).toMatchObject({ members: 2, ghosts: 1 });
  expect(members.map((each) => each.ghost)).toEqual([false, false, true]);
  await ghost.hangUp();
  await expect.poll(async () => (await lab.node.show('lesson')).counts.ghosts).toBe(0);
  const meanwhile = { fromMs, toMs: performance.now() };
  for (const call of [teacher, pupil])
    for (const prompt of ['joined', 'left'] as const)
      expect(call.toneLevelDbov(TONE_HZ[prompt], meanwhile), prompt).toBeLessThan(-55);
  await dial('9600', '120');
  // A ghost takes nobody the third place.
  await dial('9500', '121');
  await lab.node.waitForMembers('lesson', 4);
});

describe('a conference that is full', () => {
  it('lets nobody in but moderators', async () => {
    await dial('8500', '120');
    await lab.node.waitForMembers('small', 1);
    const late = lab.phones.dial('8500', { callerNumber: '121', send: silence() });
    await hears(late, 'full');
    expect(await late.ended).toMatchObject({ status: 486 });
    await dial('8600', '122');
    await lab.node.waitForMembers('small', 2);
  });
});

it('a time limit is announced, then ends the call', async () => {
  const caller = await dial('8700', '130');
  await hears(caller, 'time-warning');
  await hears(caller, 'time-over');
  await caller.ended;
});

it('the time limit of a conference is announced to all, and ends all calls, however late they came', async () => {
  const first = await dial('9000', '131');
  await lab.node.waitForMembers('brief', 1);
  await hears(first, 'time-warning');
  const second = await dial('9000', '132');
  await Promise.all([first, second].map((call) => hears(call, 'conference-ending')));
  await Promise.all([first.ended, second.ended]);
  await lab.node.waitForMembers('brief', 0);
});

describe('the lobby', () => {
  it('asks for the conference and connects the caller with it', async () => {
    await dial('4000', '200', tone(440, -20));
    const caller = await dial('8800', '140');
    await hears(caller, 'enter-conference');
    await caller.pressKeys('3000#');
    await caller.waitForTone(440, HEARD);
    expect(await lab.node.member('3000', '140')).toMatchObject({ role: 'listener' });
  });

  it('asks again where there is no such conference, and gives up after three', async () => {
    const caller = await dial('8800', '141');
    await hears(caller, 'enter-conference');
    for (let round = 0; round < 2; round++) {
      await Promise.all([hears(caller, 'bad-conference'), caller.pressKeys('77#')]);
      await hears(caller, 'enter-conference');
    }
    await Promise.all([hears(caller, 'bye'), caller.pressKeys('77#')]);
    await caller.ended;
  });

  it('asks for the PIN of the conference after its number, whose # is no try', async () => {
    const caller = await dial('9100', '142');
    await hears(caller, 'enter-conference');
    await Promise.all([hears(caller, 'enter-pin'), caller.pressKeys('3100#')]);
    expect(await lab.node.member('3100', '142')).toMatchObject({ place: 'door', presence: 'joining' });
    await Promise.all([hears(caller, 'bad-pin'), caller.pressKeys('1111#')]);
    await hears(caller, 'enter-pin');
    await caller.pressKeys('1234#');
    await lab.node.waitForMembers('3100', 1);
    expect(await lab.node.member('3100', '142')).toMatchObject({ role: 'listener', admin: false });
  });
});
