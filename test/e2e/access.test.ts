import { describe, expect, it } from 'vitest';
import type { PromptName } from '../../src/prompts/catalogue.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
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
} satisfies Partial<Record<PromptName, number>>;

const prompts = {
  ...SILENT.prompts,
  ...Object.fromEntries(Object.entries(TONE_HZ).map(([name, hz]) => [name, `tone:${hz}/300`])),
};
const sound = { music: 'none', prompts };

const profileOf = (more: object) => ({ kind: 'conference', controls: 'pin-keys', idleSeconds: 1, sound, ...more });

/** Each access number leads to a conference with a profile of its own. What the result variable says is dialled back. */
const DIALPLAN = `
[rostrum-dial-in](+)
exten => _81XX,1,Stasis(rostrum,join,pin,pin)
 same => n,Goto(result,s,1)
exten => _82XX,1,Stasis(rostrum,join,pin,pin,+auth)
exten => _83XX,1,Stasis(rostrum,join,led,led)
exten => _84XX,1,Stasis(rostrum,join,led,led,+admin,+speaker)
exten => _85XX,1,Stasis(rostrum,join,small,small)
 same => n,Gosub(rostrum-away,s,1)
exten => _86XX,1,Stasis(rostrum,join,small,small,+admin)
exten => _87XX,1,Stasis(rostrum,join,short,short)
exten => _88XX,1,Stasis(rostrum,lobby,default)
exten => _89XX,1,Stasis(rostrum,join,guessed,pin)

[result]
exten => s,1,UserEvent(RostrumResult,result: \${ROSTRUM_RESULT})
 same => n,Playback(\${IF($["\${ROSTRUM_RESULT}"="PIN"]?beep:beeperr)})
 same => n,Hangup()
`;

const lab = harness({
  profile: { sound },
  profiles: {
    pin: profileOf({ access: { userPin: '1234', adminPin: '987654', adminFlags: ['+speaker'], timeoutSeconds: 3 } }),
    led: profileOf({ access: { waitForAdmin: true, endWithoutAdmin: true, adminGraceSeconds: 1 } }),
    small: profileOf({ limits: { members: 1 } }),
    short: profileOf({ limits: { callMinutes: 0.05, warningSeconds: 2 } }),
    'pin-keys': { kind: 'controls', keys: { '#': 'hangup', '1': 'admin' } },
  },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const HEARD = { aboveDbov: -35, timeoutMs: 5000 };
const hears = (call: Call, prompt: keyof typeof TONE_HZ) => call.waitForTone(TONE_HZ[prompt], HEARD);
const dial = (number: string, callerNumber: string, send = silence()) =>
  lab.phones.call(number, { callerNumber, send });

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

  it('that is wrong three times ends the call, and the dialplan learns why', async () => {
    const caller = await dial('8100', '103');
    await hears(caller, 'enter-pin');
    for (const wrong of ['1111#', '2222#']) {
      await caller.pressKeys(wrong);
      await hears(caller, 'bad-pin');
      await hears(caller, 'enter-pin');
    }
    await caller.pressKeys('3333#');
    await hears(caller, 'pin-failed');
    // Asterisk's beep: the dialplan of this test plays it where the result is PIN.
    await caller.waitForTone(1000, HEARD).catch(() => caller.ended);
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
    await caller.pressKeys('1');
    await hears(caller, 'enter-pin');
    await caller.pressKeys('987654');
    await hears(caller, 'admin');
    expect(await lab.node.member('pin', '108')).toMatchObject({ admin: true });
  });

  it('is asked ever more slowly from one who guesses, and the operator is told', async () => {
    for (let round = 0; round < 2; round++) {
      const caller = await dial('8900', '666');
      await hears(caller, 'enter-pin');
      await caller.pressKeys('1111#2222#3333#', { via: 'info' });
      await caller.ended;
    }
    expect(await lab.node.log()).toMatch(/warn: conference guessed: pin-guessing/);
  });
});

describe('a conference that waits for a moderator', () => {
  it('begins when the moderator comes, and ends a while after the moderator left', async () => {
    const waiting = await dial('8300', '110');
    await hears(waiting, 'waiting');
    await expect.poll(() => lab.node.member('led', '110')).toMatchObject({ place: 'waiting' });
    const admin = await dial('8400', '111', tone(440, -20));
    await waiting.waitForTone(440, HEARD);
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
      await caller.pressKeys('77#');
      await hears(caller, 'bad-conference');
      await hears(caller, 'enter-conference');
    }
    await caller.pressKeys('77#');
    await hears(caller, 'bye');
    await caller.ended;
  });
});
