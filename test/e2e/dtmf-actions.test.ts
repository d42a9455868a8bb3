import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTIONS, parseAction } from '../../src/dtmf/actions/catalogue.ts';
import { toneLevelDbov } from '../kit/phone/judge.ts';
import { similarity } from '../kit/phone/judge-words.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence } from '../kit/phone/sound.ts';
import { readWavFile } from '../kit/phone/wav.ts';
import { heardFromOnset, lengthMs, readSound, readSpeech } from '../kit/speech.ts';
import {
  ADMIN_HZ,
  CALLED,
  dial,
  gone,
  HEARD,
  hears,
  KEYS_OF_ALL,
  KEYS_OF_MODERATORS,
  LISTENER_HZ,
  lab,
  MENU_OF_FEW,
  MUSIC_HZ,
  member,
  PLAYED_HZ,
  received,
  TONE_HZ,
  three,
  untilMember,
  WITHIN,
} from './dtmf-harness.ts';

it('every action that there is has a key in this test', () => {
  const calls = [KEYS_OF_ALL, KEYS_OF_MODERATORS].flatMap((keys) => Object.values(keys).flat());
  const used = new Set(calls.map((text) => parseAction(text)).flatMap((call) => (call.ok ? [call.name] : [])));
  expect([...used].toSorted()).toEqual(ACTIONS.map(({ name }) => name).toSorted());
});

describe('a key', () => {
  it('"voice" takes the floor, and gives it back', async () => {
    const { speaker, listener } = await three();
    await listener.pressKeys('11');
    await speaker.waitForTone(LISTENER_HZ, HEARD);
    await listener.pressKeys('11');
    await speaker.waitForSilence(gone(LISTENER_HZ));
    expect(await member('101')).toMatchObject({ role: 'listener' });
  });

  it('"mute", "deaf" and "deaf-mute" withdraw, and come back', async () => {
    const { admin, speaker } = await three();
    await speaker.pressKeys('10');
    await admin.waitForSilence(gone(1000));
    await speaker.pressKeys('10');
    await admin.waitForTone(1000, HEARD);
    await speaker.pressKeys('32');
    await speaker.waitForSilence(gone(ADMIN_HZ));
    await speaker.pressKeys('33');
    await admin.waitForSilence(gone(1000));
    await speaker.pressKeys('33');
    await Promise.all([admin.waitForTone(1000, HEARD), speaker.waitForTone(ADMIN_HZ, HEARD)]);
  });

  it('"hangup" leaves with good-bye', async () => {
    const { listener } = await three();
    await Promise.all([hears(listener, 'bye'), listener.ended, listener.pressKeys('00')]);
    await lab.node.waitForMembers('3000', 2);
  });

  it('"hangup" is answered to who was deaf, too', async () => {
    const { listener } = await three();
    await listener.pressKeys('32');
    await listener.waitForSilence(gone(ADMIN_HZ));
    await Promise.all([hears(listener, 'bye'), listener.ended, listener.pressKeys('00')]);
  });

  it('"hand" raises the hand and lowers it, and "next-hand" gives the floor to the first', async () => {
    const { admin, speaker, listener } = await three();
    await Promise.all([hears(listener, 'hand-raised'), listener.pressKeys('12')]);
    await Promise.all([hears(listener, 'hand-lowered'), listener.pressKeys('12')]);
    await Promise.all([hears(listener, 'hand-raised'), listener.pressKeys('12')]);
    await Promise.all([
      hears(listener, 'hand-your-turn'),
      speaker.waitForTone(LISTENER_HZ, HEARD),
      admin.pressKeys('91'),
    ]);
    expect(await member('101')).toMatchObject({ role: 'speaker', handRaisedAt: null });
  });

  it('"help" tells the moderators, who are told of nobody else, and an operator ends it', async () => {
    const { admin, speaker, listener } = await three();
    await Promise.all([
      hears(listener, 'help-asked'),
      hears(admin, 'help-wanted'),
      // What they say goes on.
      speaker.waitForTone(ADMIN_HZ, HEARD),
      listener.pressKeys('40'),
    ]);
    expect(speaker.toneLevelDbov(TONE_HZ['help-wanted'], { lastMs: 1000 })).toBeLessThan(-50);
    const { id } = await member('101');
    expect(await lab.node.show('3000')).toMatchObject({ helps: [id] });
    expect((await lab.node.cli('show', '3000')).stdout).toContain(`\nask for help: ${id}\n`);
    expect(await lab.node.cli('member', '3000', String(id), 'help', 'clear')).toMatchObject({ code: 0 });
    expect(await member('101')).toMatchObject({ helpAskedAt: null });
  });

  it('"floor-back" takes the floor back from the member who got it last', async () => {
    const { admin, speaker, listener } = await three();
    await listener.pressKeys('12');
    await Promise.all([speaker.waitForTone(LISTENER_HZ, HEARD), admin.pressKeys('91')]);
    await Promise.all([hears(listener, 'unspeaker'), speaker.waitForSilence(gone(LISTENER_HZ)), admin.pressKeys('97')]);
    expect(await member('101')).toMatchObject({ role: 'listener' });
    await Promise.all([hears(admin, 'denied'), admin.pressKeys('97')]);
    await listener.waitForTone(1000, HEARD);
  });

  it('"admin" asks for the PIN, and makes a moderator, whose keys then count', async () => {
    const { listener } = await three();
    await Promise.all([hears(listener, 'enter-pin'), listener.pressKeys('22')]);
    await Promise.all([hears(listener, 'admin'), listener.pressKeys('4711')]);
    await listener.pressKeys('93');
    await expect.poll(() => lab.node.show('3000'), WITHIN).toMatchObject({ locked: true });
  });

  it('changes a level and confirms it with a tone', async () => {
    const { speaker, admin } = await three();
    await speaker.pressKeys('28');
    await untilMember('200', { vadLevel: 450 });
    await speaker.pressKeys('29');
    await untilMember('200', { vadLevel: 300 });
    await speaker.pressKeys('30');
    await untilMember('200', { agcLevel: 500 });
    const told = hears(speaker, 'level');
    await speaker.pressKeys('34');
    await told;
    await untilMember('200', { talkVolume: 1 });
    await admin.pressKeys('35');
    await untilMember('500', { listenVolume: 1 });
  });

  it('"count" says how many there are, to who pressed it alone', async () => {
    const [two, three] = [await readSound('digits/2'), await readSound('digits/3')];
    const asking = await dial('3000', '101');
    const other = await dial('3000', '102');
    const count = async (there: Int16Array, other: Int16Array) => {
      await asking.waitForSilence({ belowDbov: -55, timeoutMs: 3000 });
      const heard = await heardFromOnset(asking, lengthMs(there), () => asking.pressKeys('13'));
      expect(similarity(there, heard)).toBeGreaterThan(0.85);
      expect(similarity(other, heard)).toBeLessThan(0.8);
    };
    await lab.node.waitForMembers('3000', 2);
    await count(two, three);
    await dial('3000', '103');
    await lab.node.waitForMembers('3000', 3);
    await count(three, two);
    expect(other.levelDbov({ lastMs: 1500 })).toBeLessThan(-55);
  });

  it('"count-all" says how many there are, to everybody', async () => {
    const three = await readSound('digits/3');
    const moderator = await dial('5000', '500');
    const listeners = [await dial('3000', '101'), await dial('3000', '102')];
    await lab.node.waitForMembers('3000', 3);
    await Promise.all(listeners.map((call) => call.waitForSilence({ belowDbov: -55, timeoutMs: 3000 })));
    const told = listeners.map((call) => heardFromOnset(call, lengthMs(three), async () => {}));
    await moderator.pressKeys('98');
    for (const heard of await Promise.all(told)) expect(similarity(three, heard)).toBeGreaterThan(0.85);
  });

  it('"menu" says what the keys do', async () => {
    const menu = await readSpeech(lab.node, MENU_OF_FEW, 'en');
    const asking = await dial('9200', '101');
    await dial('9200', '102');
    await lab.node.waitForMembers('few', 2);
    await asking.waitForSilence({ belowDbov: -55, timeoutMs: 3000 });
    const heard = await heardFromOnset(asking, lengthMs(menu), () => asking.pressKeys('1'));
    expect(similarity(menu, heard)).toBeGreaterThan(0.85);
  });

  it('"playback" plays to the member who pressed it and hears the others meanwhile, and "playback:stop" ends it', async () => {
    const { speaker, listener } = await three();
    await listener.pressKeys('25');
    await listener.waitForTone(PLAYED_HZ, HEARD);
    await listener.waitForTone(1000, HEARD);
    expect(speaker.toneLevelDbov(PLAYED_HZ, { lastMs: 500 })).toBeLessThan(-50);
    await listener.pressKeys('26');
    await listener.waitForSilence(gone(PLAYED_HZ));
  });

  it('"playback-all" plays to everybody, and "playback-all:stop" ends it', async () => {
    const { speaker, listener } = await three();
    await listener.pressKeys('37');
    await Promise.all([listener.waitForTone(PLAYED_HZ, HEARD), speaker.waitForTone(PLAYED_HZ, HEARD)]);
    await listener.pressKeys('38');
    await Promise.all([listener.waitForSilence(gone(PLAYED_HZ)), speaker.waitForSilence(gone(PLAYED_HZ))]);
  });

  it('"mute-all" mutes all but moderators, and lifts it', async () => {
    const { admin, speaker, listener } = await three();
    await admin.pressKeys('92');
    await listener.waitForSilence(gone(1000));
    await speaker.waitForTone(ADMIN_HZ, HEARD);
    await admin.pressKeys('92');
    await listener.waitForTone(1000, HEARD);
  });

  it('"lock" keeps others out, and lets them in again', async () => {
    const { admin } = await three();
    await admin.pressKeys('93');
    await expect.poll(() => lab.node.show('3000'), WITHIN).toMatchObject({ locked: true });
    expect(await lab.phones.dial('3000', { callerNumber: '102' }).ended).toMatchObject({ status: 603 });
    await admin.pressKeys('93');
    await expect.poll(() => lab.node.show('3000'), WITHIN).toMatchObject({ locked: false });
    await dial('3000', '102');
    await lab.node.waitForMembers('3000', 4);
  });

  it('"kick-last" removes who joined last', async () => {
    const { admin, listener } = await three();
    await Promise.all([hears(listener, 'kicked'), listener.ended, admin.pressKeys('94')]);
    await lab.node.waitForMembers('3000', 2);
  });

  it('"record" records what is said, until it is pressed again', async () => {
    const { admin } = await three();
    await admin.pressKeys('95');
    await expect.poll(async () => (await lab.node.show('3000')).recording, WITHIN).not.toBeNull();
    const { recording } = await lab.node.show('3000');
    const file = join(lab.node.asterisk.directory, 'spool/recording', `${recording?.name}.wav`);
    await expect.poll(async () => (await stat(file).catch(() => null))?.size ?? 0, WITHIN).toBeGreaterThan(8000);
    await admin.pressKeys('95');
    await expect.poll(async () => (await lab.node.show('3000')).recording, WITHIN).toBeNull();
    const pcm = readWavFile(file);
    const middle = pcm.subarray(pcm.length / 2 - 1600, pcm.length / 2 + 1600);
    expect(toneLevelDbov(middle, ADMIN_HZ)).toBeGreaterThan(-24);
    expect(toneLevelDbov(middle, 1000)).toBeGreaterThan(-24);
  });

  it('"hold" leaves the floor for music, and comes back', async () => {
    const { admin, speaker } = await three();
    await speaker.pressKeys('16');
    await Promise.all([admin.waitForSilence(gone(1000)), speaker.waitForSilence(gone(ADMIN_HZ))]);
    await speaker.waitForTone(MUSIC_HZ, HEARD);
    await speaker.pressKeys('16');
    await Promise.all([admin.waitForTone(1000, HEARD), speaker.waitForTone(ADMIN_HZ, HEARD)]);
    await speaker.waitForSilence(gone(MUSIC_HZ));
  });

  it('"private" talks with the member whose hand is raised, unheard by others, and ends it', async () => {
    const { admin, speaker, listener } = await three();
    await Promise.all([hears(listener, 'hand-raised'), listener.pressKeys('12')]);
    await speaker.pressKeys('15');
    await Promise.all([listener.waitForTone(1000, HEARD), speaker.waitForTone(LISTENER_HZ, HEARD)]);
    await Promise.all([admin.waitForSilence(gone(1000)), listener.waitForSilence(gone(ADMIN_HZ))]);
    await speaker.pressKeys('15');
    await Promise.all([admin.waitForTone(1000, HEARD), listener.waitForTone(ADMIN_HZ, HEARD)]);
  });

  it('"transfer" moves to another conference', async () => {
    const { speaker, admin } = await three();
    const there = await dial('9000', '300', 1700);
    await lab.node.waitForMembers('other', 1);
    await speaker.pressKeys('17');
    await Promise.all([there.waitForTone(1000, HEARD), speaker.waitForTone(1700, HEARD)]);
    await admin.waitForSilence(gone(1000));
  });

  it('"invite" calls a phone in', async () => {
    const called = new PhoneBank({
      ...CALLED,
      server: lab.node.server,
      onIncoming: { kind: 'answer', send: silence() },
    });
    await called.start();
    try {
      const { speaker } = await three();
      await speaker.pressKeys('18');
      const call = await called.nextCall({ timeoutMs: 4000 });
      await call.waitForTone(ADMIN_HZ, HEARD);
      expect(await member('7001')).toMatchObject({ role: 'listener' });
    } finally {
      await called.stop();
    }
  });

  it('"moh" plays music to everybody under what is said, and stops it', async () => {
    const calls = Object.values(await three());
    await calls[0]?.pressKeys('27');
    await Promise.all(calls.map((call) => call.waitForTone(MUSIC_HZ, HEARD)));
    await Promise.all(calls.slice(1).map((call) => call.waitForTone(ADMIN_HZ, HEARD)));
    await calls[0]?.pressKeys('27');
    await Promise.all(calls.map((call) => call.waitForSilence(gone(MUSIC_HZ))));
  });

  it('"webhook" tells a web server who pressed it', async () => {
    const { speaker } = await three();
    await speaker.pressKeys('19');
    await expect.poll(() => received, WITHIN).toHaveLength(1);
    const { id } = await member('200');
    expect(received).toEqual([
      {
        method: 'POST',
        url: '/hook?a=1',
        type: 'application/json',
        body: {
          conference: '3000',
          member: {
            id,
            caller: expect.objectContaining({ number: '200' }),
            flags: expect.objectContaining({ speaker: true, admin: false }),
          },
        },
      },
    ]);
  });

  it('"exec" runs an application of the dialplan, and comes back', async () => {
    const { speaker, admin } = await three();
    await speaker.pressKeys('20');
    await admin.waitForSilence(gone(1000));
    await Promise.all([admin.waitForTone(1000, HEARD), speaker.waitForTone(ADMIN_HZ, HEARD)]);
    await untilMember('200', { place: 'floor', role: 'speaker' });
  });

  it('"api" runs a command, in the name of who pressed it or for all', async () => {
    const { speaker, admin, listener } = await three();
    await speaker.pressKeys('21');
    await untilMember('200', { talkVolume: -2 });
    await expect.poll(() => Math.abs(admin.toneLevelDbov(1000, { lastMs: 200 }) - -26), WITHIN).toBeLessThan(1);
    await speaker.pressKeys('36');
    await Promise.all([admin, listener].map((call) => call.waitForTone(1900, HEARD)));
  });

  it('"confirm" asks before, and only the key 1 is a yes', async () => {
    const { admin, speaker } = await three();
    await Promise.all([hears(admin, 'confirm'), admin.pressKeys('96')]);
    await Promise.all([hears(admin, 'cancelled'), admin.pressKeys('5')]);
    await speaker.waitForTone(ADMIN_HZ, HEARD);
    expect(await lab.node.show('3000')).toMatchObject({ status: 'running' });
    await Promise.all([hears(admin, 'confirm'), admin.pressKeys('96')]);
    await admin.pressKeys('1');
    await Promise.all([admin.ended, speaker.ended]);
  });

  it('"term" ends the conference for everybody', async () => {
    const { admin, speaker, listener } = await three();
    await admin.pressKeys('90');
    await Promise.all([admin.ended, speaker.ended, listener.ended]);
  });
});
