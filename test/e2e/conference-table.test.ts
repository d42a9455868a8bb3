import { rename, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/schemas.ts';
import type { PromptName } from '../../src/prompts/catalogue.ts';
import type { Call } from '../kit/phone/call.ts';
import { similarity } from '../kit/phone/judge-words.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { heardFromOnset, lengthMs, readSound, readSpeech } from '../kit/speech.ts';
import { harness } from './harness.ts';

const TONE_HZ = {
  'enter-pin': 600,
  'bad-pin': 700,
  'enter-conference': 900,
  'bad-conference': 1100,
  full: 1400,
  'time-warning': 1600,
  'conference-ending': 1900,
  over: 2000,
} satisfies Partial<Record<PromptName, number>>;

const { 'not-open': _spoken, ...silent } = SILENT.prompts;
const prompts = {
  ...silent,
  ...Object.fromEntries(Object.entries(TONE_HZ).map(([name, hz]) => [name, `tone:${hz}/300`])),
};

const SPEAKER_HZ = 440;

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _6XXX,1,Stasis(rostrum,join,\${EXTEN},default,+speaker)
 same => n,Gosub(rostrum-away,s,1)
exten => 2000,1,Stasis(rostrum,lobby,default)
 same => n,Gosub(rostrum-away,s,1)
`;

type Written = { readonly unlisted?: 'allow' | 'refuse'; readonly changing?: string; readonly closing?: string };

/** `changing` and `closing` are what is below the conferences that tests change. */
const tableOf = ({ unlisted = 'refuse', changing = '{}', closing = '{}' }: Written = {}) => `
unlisted: ${unlisted}
timeZone: UTC
conferences:
  "6001":
    name: The first
    access: {userPin: "1111"}
  "6002":
    access:
      userPin: "2222"
      adminPin: "3333"
  # It changes while it runs.
  "6003":
    ${changing}
  "6004":
    times: [{from: 2090-01-15 10:05}]
    timeZone: Europe/Berlin
  "6005":
    ${closing}
  "6006":
    times: [{until: 2020-01-01 00:00}]
  "6007":
    sound:
      announce: tone
      prompts: {welcome: "number:{count}", joined: tone:2300/300, left: tone:2500/300}
`;

const lab = harness({
  profile: { idleSeconds: 1, limits: { warningSeconds: 3 }, sound: { music: 'none', prompts } },
  profiles: { elsewhere: { kind: 'conference', extends: 'default', description: 'may not be joined' } },
  table: tableOf(),
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const HEARD = { aboveDbov: -35, timeoutMs: 6000 };
const IN_FORCE = { timeout: 5000, interval: 20 };
const hears = (call: Call, prompt: keyof typeof TONE_HZ) => call.waitForTone(TONE_HZ[prompt], HEARD);
const dial = (number: string, callerNumber: string, send = silence()) =>
  lab.phones.call(number, { callerNumber, send });
const ring = (number: string, callerNumber: string) => lab.phones.dial(number, { callerNumber, send: silence() });

/** Writes the table in one step, and waits until it counts. */
async function write(written: Written): Promise<void> {
  const before = (await lab.node.log()).split('of the table changed').length;
  await writeFile(`${lab.node.tablePath}.new`, tableOf(written));
  await rename(`${lab.node.tablePath}.new`, lab.node.tablePath);
  const changes = async () => (await lab.node.log()).split('of the table changed').length;
  await expect.poll(changes, IN_FORCE).toBeGreaterThan(before);
}

/** So many seconds from now, as a table has it. */
const clock = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');

describe('one access number for the conferences of a table', () => {
  it('asks for the number, and then for the PIN of that conference', async () => {
    const first = await dial('2000', '101', tone(SPEAKER_HZ, -20));
    await hears(first, 'enter-conference');
    await Promise.all([hears(first, 'enter-pin'), first.pressKeys('6001')]);
    await first.pressKeys('1111');
    await lab.node.waitForMembers('6001', 1);
    const second = await dial('2000', '102');
    await hears(second, 'enter-conference');
    await Promise.all([hears(second, 'enter-pin'), second.pressKeys('6002')]);
    await Promise.all([hears(second, 'bad-pin'), second.pressKeys('1111#')]);
    await hears(second, 'enter-pin');
    await second.pressKeys('2222#');
    await lab.node.waitForMembers('6002', 1);
    expect(await lab.node.member('6002', '102')).toMatchObject({ admin: false });
    const third = await dial('2000', '103');
    await hears(third, 'enter-conference');
    await Promise.all([hears(third, 'enter-pin'), third.pressKeys('6002')]);
    await third.pressKeys('3333#');
    await lab.node.waitForMembers('6002', 2);
    expect(await lab.node.member('6002', '103')).toMatchObject({ admin: true });
    await lab.node.waitForMembers('6001', 1);
  });

  it('asks again for a number that is not in it, although the profile would open that', async () => {
    const caller = await dial('2000', '104');
    await hears(caller, 'enter-conference');
    await Promise.all([hears(caller, 'bad-conference'), caller.pressKeys('6999#')]);
    await hears(caller, 'enter-conference');
  });
});

describe('a number that is not in the table', () => {
  it('is not found, and its caller hears that without being charged', async () => {
    const caller = ring('6999', '105');
    await hears(caller, 'bad-conference');
    expect(await caller.ended).toMatchObject({ status: 404 });
    expect((await lab.node.list()).map(({ name }) => name)).not.toContain('6999');
  });

  it('is joined as ever where the table allows it, from then on', async () => {
    await writeFile(lab.node.tablePath, tableOf({ unlisted: 'allow' }));
    await expect.poll(() => lab.node.log(), IN_FORCE).toContain('the table changed: unlisted (at once)');
    await dial('6999', '106');
    await lab.node.waitForMembers('6999', 1);
    await writeFile(lab.node.tablePath, tableOf());
    const refused = async () => (await lab.node.log()).split('the table changed: unlisted').length;
    await expect.poll(refused, IN_FORCE).toBe(3);
    // The conference goes on, but nobody else joins it.
    const late = ring('6999', '107');
    expect(await late.ended).toMatchObject({ status: 404 });
    await lab.node.waitForMembers('6999', 1);
  });
});

describe('opening times', () => {
  it('a caller who comes too early is told when the conference opens', async () => {
    const text = 'This conference is not open yet. It opens Sunday, January 15, 2090 at 10:05 AM.';
    const spoken = await readSpeech(lab.node, text, 'en');
    const other = await readSpeech(lab.node, text.replace('15', '16').replace('10:05', '9:30'), 'en');
    const caller = ring('6004', '110');
    const heard = await heardFromOnset(caller, lengthMs(spoken), async () => {});
    expect(similarity(spoken, heard)).toBeGreaterThan(0.85);
    expect(similarity(spoken, heard)).toBeGreaterThan(similarity(other, heard));
    expect(await caller.ended).toMatchObject({ status: 480 });
    expect((await lab.node.list()).map(({ name }) => name)).not.toContain('6004');
  });

  it('a caller of the lobby hears that a conference is over', async () => {
    const caller = await dial('2000', '111');
    await hears(caller, 'enter-conference');
    await Promise.all([hears(caller, 'over'), caller.pressKeys('6006')]);
    await caller.ended;
  });

  it('open and end the conference by the clock, with a warning, for all who are in', async () => {
    await write({ closing: `times: [{from: "${clock(5)}", until: "${clock(15)}"}]` });
    const early = ring('6005', '112');
    expect(await early.ended).toMatchObject({ status: 480 });
    const opened = async () => {
      const call = ring('6005', '113');
      return call.answered.then(
        () => call,
        () => null,
      );
    };
    let first = await opened();
    for (const untilMs = Date.now() + 12_000; first === null && Date.now() < untilMs; ) first = await opened();
    if (!first) throw new Error('the conference does not open');
    await lab.node.waitForMembers('6005', 1);
    const second = await dial('6005', '114');
    const both = [first, second];
    await Promise.all(both.map((call) => call.waitForTone(TONE_HZ['time-warning'], { ...HEARD, timeoutMs: 15_000 })));
    await Promise.all(both.map((call) => hears(call, 'conference-ending')));
    await Promise.all(both.map((call) => call.ended));
    const late = ring('6005', '115');
    await hears(late, 'over');
    expect(await late.ended).toMatchObject({ status: 480 });
  });

  it('that are changed to be over end a conference that is running', async () => {
    await write({ closing: '{}' });
    const caller = await dial('6005', '116');
    await lab.node.waitForMembers('6005', 1);
    await write({ closing: `times: [{until: "${clock(-60)}"}]` });
    await hears(caller, 'conference-ending');
    await caller.ended;
  });
});

describe('a running conference', () => {
  it('has a new PIN from the next caller on, and those who are in stay', async () => {
    await write({ changing: 'access: {userPin: "4444"}' });
    const inside = await dial('6003', '120');
    await hears(inside, 'enter-pin');
    await inside.pressKeys('4444');
    await lab.node.waitForMembers('6003', 1);
    inside.resetStats();
    await write({ changing: 'access: {userPin: "5555"}' });
    const next = await dial('6003', '121');
    await hears(next, 'enter-pin');
    await Promise.all([hears(next, 'bad-pin'), next.pressKeys('4444')]);
    await hears(next, 'enter-pin');
    await next.pressKeys('5555');
    await lab.node.waitForMembers('6003', 2);
    expect(inside.stats().lost).toBe(0);
    await write({ changing: '{}' });
    await dial('6003', '122');
    await lab.node.waitForMembers('6003', 3);
  });

  it('has a new limit at once', async () => {
    await write({ changing: 'limits: {members: 1}' });
    await dial('6003', '123');
    await lab.node.waitForMembers('6003', 1);
    const refused = ring('6003', '124');
    expect(await refused.ended).toMatchObject({ status: 486 });
    await write({ changing: 'limits: {members: 2}' });
    await dial('6003', '125');
    await lab.node.waitForMembers('6003', 2);
  });

  it('takes nobody from another conference while it is closed: the member stays where they were', async () => {
    await write({ changing: '{}' });
    await dial('6003', '126');
    await lab.node.waitForMembers('6003', 1);
    const { id: memberId } = await lab.node.member('6003', '126');
    const transfer = (conference: string) =>
      lab.node.command('6003', { type: 'transfer', memberId, conference, profileName: null });
    await expect(transfer('6004')).rejects.toThrow('conference 6004 is not open before 2090-01-15T09:05:00.000Z');
    await expect(transfer('6999')).rejects.toThrow('conference 6999 is not in the table of conferences');
    await lab.node.waitForMembers('6003', 1);
  });
});

describe('sounds of one conference', () => {
  it('tell its members who comes and goes, and those of others nothing', async () => {
    const sounds = { joined: 2300, left: 2500 };
    const [one, two] = [await readSound('digits/1'), await readSound('digits/2')];
    const welcome = (call: Call, number: Int16Array) => heardFromOnset(call, lengthMs(number), async () => {});
    const first = await dial('6007', '140');
    expect(similarity(one, await welcome(first, one))).toBeGreaterThan(0.85);
    const elsewhere = await dial('6003', '141');
    await lab.node.waitForMembers('6003', 1);
    await lab.node.waitForMembers('6007', 1);
    const joined = first.waitForTone(sounds.joined, HEARD);
    const second = await dial('6007', '142');
    expect(similarity(two, await welcome(second, two))).toBeGreaterThan(0.85);
    await joined;
    await lab.node.waitForMembers('6007', 2);
    await Promise.all([first.waitForTone(sounds.left, HEARD), second.hangUp()]);
    await dial('6003', '143');
    await lab.node.waitForMembers('6003', 2);
    for (const hz of Object.values(sounds))
      expect(elsewhere.toneLevelDbov(hz, { lastMs: 5000 }), `${hz} Hz`).toBeLessThan(-55);
  });
});

it('a table with a mistake does not count, and status says where the mistake is', async () => {
  await writeFile(lab.node.tablePath, tableOf({ changing: 'limits: {members: none}' }));
  const problem = async () =>
    (await lab.node.api.get<StatusView>('/status')).problems.map(({ detail }) => detail).join();
  await expect.poll(problem, IN_FORCE).toMatch(/conferences\.yaml:14:14: 6003\.limits\.members: /);
  await dial('6003', '130');
  await lab.node.waitForMembers('6003', 1);
  await writeFile(lab.node.tablePath, tableOf());
  await expect.poll(problem, IN_FORCE).toBe('');
});
