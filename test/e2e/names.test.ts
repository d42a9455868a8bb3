import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

/** Each prompt is a tone of its own; names are tones too, which callers say. */
const TONE_HZ = {
  'record-name': 600,
  'has-joined': 1300,
  'has-left': 800,
  joined: 900,
  left: 1100,
  'review-name': 1200,
} as const;
/** Of Asterisk's own beep. */
const BEEP_HZ = 700;

const prompts = {
  ...SILENT.prompts,
  ...Object.fromEntries(Object.entries(TONE_HZ).map(([name, hz]) => [name, `tone:${hz}/300`])),
};
const profileOf = (announce: string, announceUpTo: number, reviewName = false) => ({
  kind: 'conference',
  idleSeconds: 1,
  sound: { music: 'none', prompts, announce, announceUpTo, reviewName },
});

const WELCOME_HZ = 500;
const greeting = (profile: ReturnType<typeof profileOf>) => {
  const { sound } = profile;
  return { ...profile, sound: { ...sound, prompts: { ...sound.prompts, welcome: `tone:${WELCOME_HZ}/300` } } };
};

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _71XX,1,Stasis(rostrum,join,named,named)
exten => _72XX,1,Stasis(rostrum,join,toned,toned)
exten => _73XX,1,Stasis(rostrum,join,few,few)
exten => _74XX,1,Stasis(rostrum,join,reviewed,reviewed)
exten => _75XX,1,Stasis(rostrum,join,greeted,greeted)
exten => _76XX,1,Stasis(rostrum,join,greeted,greeted,+quiet)
`;

const lab = harness({
  profiles: {
    named: profileOf('name', 10),
    toned: profileOf('tone', 2),
    few: profileOf('name', 1),
    reviewed: profileOf('name', 10, true),
    greeted: greeting(profileOf('tone', 10)),
  },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const HEARD = { aboveDbov: -35, timeoutMs: 8000 };
const SETTLED = { timeout: 10_000, interval: 50 };
const hears = (call: Call, prompt: keyof typeof TONE_HZ) => call.waitForTone(TONE_HZ[prompt], HEARD);
const dial = (number: string, callerNumber: string) => lab.phones.call(number, { callerNumber, send: silence() });

/** The recordings of names that there are. */
async function names(): Promise<string[]> {
  const directory = join(lab.node.asterisk.directory, 'spool', 'recording', 'rostrum', 'names');
  return readdir(directory).catch(() => []);
}

/** Is asked for a name, says it after the beep for a second, and presses #. */
async function sayName(call: Call, hz: number): Promise<void> {
  await hears(call, 'record-name');
  await call.waitForTone(BEEP_HZ, HEARD);
  await call.waitForSilence({ freqHz: BEEP_HZ, belowDbov: -55, timeoutMs: 5000 });
  const startedMs = performance.now();
  call.send(tone(hz, -20));
  await expect.poll(() => performance.now() - startedMs, SETTLED).toBeGreaterThan(800);
  call.send(silence());
  await call.pressKeys('#');
}

async function dialAndSay(hz: number, callerNumber: string, members: number): Promise<Call> {
  const call = await dial('7100', callerNumber);
  await sayName(call, hz);
  await lab.node.waitForMembers('named', members);
  return call;
}

describe('announcing by name', () => {
  it('has each caller say a name, which tells the others who comes and who goes', async () => {
    const first = await dialAndSay(2000, '101', 1);
    const told = [first.waitForTone(2500, HEARD), hears(first, 'has-joined')];
    const second = await dialAndSay(2500, '102', 2);
    const [nameMs = 0, joinedMs = 0] = await Promise.all(told);
    // After the whole name.
    expect(joinedMs - nameMs).toBeGreaterThan(500);
    expect(await names()).toHaveLength(2);
    const toldAgain = [first.waitForTone(2500, HEARD), hears(first, 'has-left')];
    await second.hangUp();
    const [nameAgainMs = 0, leftMs = 0] = await Promise.all(toldAgain);
    expect(leftMs - nameAgainMs).toBeGreaterThan(500);
    await first.hangUp();
    await lab.node.waitForMembers('named', 0);
    // The names go with the conference.
    await expect.poll(names, SETTLED).toEqual([]);
  });

  it('lets in who does not press #, after 5 s', async () => {
    const first = await dialAndSay(2000, '101', 1);
    const joined = first.waitForTone(2500, { ...HEARD, timeoutMs: 15_000 });
    const second = await dial('7100', '102');
    await hears(second, 'record-name');
    second.send(tone(2500, -20));
    expect(await lab.node.member('named', '102')).toMatchObject({ place: 'naming', presence: 'joining' });
    await lab.node.waitForMembers('named', 2);
    await joined;
  });

  it('tells nobody of a caller who hangs up while being asked', async () => {
    const first = await dialAndSay(2000, '101', 1);
    const impatient = await dial('7100', '102');
    await hears(impatient, 'record-name');
    await impatient.hangUp();
    await lab.node.waitForMembers('named', 1);
    const speaking = await dial('7100', '103');
    await hears(speaking, 'record-name');
    await speaking.waitForTone(BEEP_HZ, HEARD);
    await speaking.hangUp();
    await lab.node.waitForMembers('named', 1);
    // Neither was ever there for the others.
    for (const hz of [TONE_HZ['has-joined'], TONE_HZ['has-left'], TONE_HZ.joined, TONE_HZ.left]) {
      expect(first.toneLevelDbov(hz, { lastMs: 1000 })).toBeLessThan(-55);
    }
  });

  it('is silent with more members than announceUpTo, and then asks nobody', async () => {
    const first = await dial('7300', '101');
    await sayName(first, 2000);
    await lab.node.waitForMembers('few', 1);
    const fromMs = performance.now();
    const second = await dial('7300', '102');
    await lab.node.waitForMembers('few', 2);
    await expect.poll(() => performance.now() - fromMs, SETTLED).toBeGreaterThan(1200);
    const meanwhile = { fromMs, toMs: performance.now() };
    for (const hz of Object.values(TONE_HZ)) {
      for (const call of [first, second]) expect(call.toneLevelDbov(hz, meanwhile), `${hz} Hz`).toBeLessThan(-55);
    }
    // Who is left alone is told, since that is few enough again.
    const left = hears(first, 'left');
    await second.hangUp();
    await left;
  });

  it('goes on over a restart of the controller', async () => {
    const first = await dialAndSay(2000, '101', 1);
    const joined = hears(first, 'has-joined');
    const second = await dialAndSay(2500, '102', 2);
    await joined;
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('named', 2);
    const left = [first.waitForTone(2500, HEARD), hears(first, 'has-left')];
    await second.hangUp();
    await Promise.all(left);
    await first.hangUp();
    await lab.node.waitForMembers('named', 0);
    await expect.poll(names, SETTLED).toEqual([]);
  });
});

it('a name is reviewed: the caller hears it, may say it again, and the others hear what was accepted', async () => {
  const first = await dial('7400', '101');
  await sayName(first, 2000);
  await Promise.all([first.waitForTone(2000, HEARD), hears(first, 'review-name')]);
  await first.pressKeys('1');
  await lab.node.waitForMembers('reviewed', 1);
  const second = await dial('7400', '102');
  await sayName(second, 2500);
  await hears(second, 'review-name');
  await Promise.all([sayName(second, 3000), second.pressKeys('3')]);
  await Promise.all([second.waitForTone(3000, HEARD), hears(second, 'review-name')]);
  const [fromMs, told] = [performance.now(), first.waitForTone(3000, HEARD)];
  await second.pressKeys('1');
  await Promise.all([told, hears(first, 'has-joined')]);
  expect(first.toneLevelDbov(2500, { fromMs, toMs: performance.now() })).toBeLessThan(-55);
});

describe('announcing with a tone', () => {
  it('tells the others who come and go, up to announceUpTo', async () => {
    const first = await dial('7200', '101');
    await lab.node.waitForMembers('toned', 1);
    const second = await dial('7200', '102');
    await hears(first, 'joined');
    await lab.node.waitForMembers('toned', 2);
    await first.waitForSilence({ timeoutMs: 3000 });
    const third = await dial('7200', '103');
    await lab.node.waitForMembers('toned', 3);
    await first.waitForSilence({ timeoutMs: 3000, forMs: 600 });
    expect(first.toneLevelDbov(TONE_HZ.joined, { lastMs: 600 })).toBeLessThan(-55);
    // Down to two again: told again.
    await third.hangUp();
    await hears(first, 'left');
    await second.hangUp();
    await lab.node.waitForMembers('toned', 1);
    expect(first.toneLevelDbov(TONE_HZ['record-name'], { lastMs: 2000 })).toBeLessThan(-55);
  });
});

it('a quiet member comes and goes unannounced, and is not welcomed; the others are', async () => {
  const comes = async (number: string, callerNumber: string) => {
    const call = await dial(number, callerNumber);
    if (number === '7500') await call.waitForTone(WELCOME_HZ, HEARD);
    return call;
  };
  const first = await comes('7500', '101');
  await lab.node.waitForMembers('greeted', 1);
  const joined = hears(first, 'joined');
  const quiet = await comes('7600', '102');
  const hasJoined = () => lab.node.member('greeted', '102').catch(() => null);
  await expect.poll(hasJoined, SETTLED).toMatchObject({ quiet: true, place: 'floor' });
  const heardByQuiet = hears(quiet, 'joined');
  const third = await comes('7500', '103');
  // Not of the quiet one.
  expect(await joined).toBeGreaterThan(third.invitedAtMs);
  await heardByQuiet;
  expect(quiet.toneLevelDbov(WELCOME_HZ, { fromMs: quiet.invitedAtMs, toMs: performance.now() })).toBeLessThan(-60);

  const left = hears(first, 'left');
  await quiet.hangUp();
  await lab.node.waitForMembers('greeted', 2);
  const joinedAgain = hears(first, 'joined');
  await comes('7500', '104');
  const joinedAgainMs = await joinedAgain;
  await third.hangUp();
  expect(await left).toBeGreaterThan(joinedAgainMs);
});
