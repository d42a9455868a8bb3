import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findAsterisk } from '../../scripts/debian-root.ts';
import type { Adjustable, Command } from '../../src/conference/model/commands.ts';
import type { Call } from '../kit/phone/call.ts';
import { levelDbov } from '../kit/phone/judge.ts';
import { type Sound, samples, silence, tone, whiteNoise, wideTone } from '../kit/phone/sound.ts';
import { readWavFile } from '../kit/phone/wav.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { bank, harness } from './harness.ts';

const profileOf = (audio: object) => ({ kind: 'conference', idleSeconds: 1, sound: SILENT, audio });

/** 90xx listens and 91xx speaks in the conference `loud`, whose profile has that name, and so on. */
const NAMES = ['loud', 'levelled', 'deep', 'watched', 'clean', 'smooth', 'gated'] as const;
const DIALPLAN = NAMES.map(
  (name, index) => `
exten => _9${2 * index}XX,1,Stasis(rostrum,join,${name},${name})
exten => _9${2 * index + 1}XX,1,Stasis(rostrum,join,${name},${name},+speaker)`,
).join('');

const lab = harness({
  profiles: {
    loud: profileOf({ talkVolume: 2, listenVolume: -1 }),
    levelled: profileOf({ agcLevel: 1000 }),
    deep: profileOf({ agcLevel: 1000 }),
    watched: profileOf({ vadLevel: 600, vadHoldMs: 800 }),
    clean: profileOf({ denoise: true }),
    smooth: profileOf({ jitterBuffer: true }),
    gated: profileOf({ gate: true, vadLevel: 300, vadHoldMs: 800 }),
  },
  extra: {
    // In addition to the codecs of telephones, one that needs no codec module.
    set: [['pjsip.conf', 'anonymous', 'allow', 'ulaw,alaw,slin16']],
    append: { 'extensions.conf': `\n[rostrum-dial-in](+)${DIALPLAN}\n` },
  },
});

/** Loudness of one step of a volume. */
const STEP_DB = 3;
const LEVEL_DBOV = -30;

const numberOf = (name: (typeof NAMES)[number], role: 'listen' | 'speak') =>
  `9${2 * NAMES.indexOf(name) + (role === 'speak' ? 1 : 0)}00`;
const run = (command: Command, conference = '3000') => lab.node.command(conference, command);
const idOf = async (callerNumber: string, conference = '3000') => (await lab.node.member(conference, callerNumber)).id;
const adjust = (memberId: number, setting: Adjustable, by: number) =>
  run({ type: 'adjust', memberId, setting, adjustment: by === 0 ? 'profile' : { by } });

/** Two speakers, with a tone each, and two listeners. */
async function four() {
  const call = (number: string, callerNumber: string, send: Sound) => lab.phones.call(number, { callerNumber, send });
  const speaker = await call('4000', '200', tone(440, LEVEL_DBOV));
  const other = await call('4000', '201', tone(1000, LEVEL_DBOV));
  const listener = await call('3000', '101', silence());
  const witness = await call('3000', '102', silence());
  await lab.node.waitForMembers('3000', 4);
  await Promise.all([listener.waitForToneLevel(440, LEVEL_DBOV), witness.waitForToneLevel(440, LEVEL_DBOV)]);
  return { speaker, other, listener, witness };
}

const UP_AND_DOWN = [1, 2, 3, 4, 3, 2, 1, 0, -1, -2, -3, -4, -3, -2, -1];

describe('the talk volume', () => {
  it('changes what all others hear of one by 3 dB a step, and goes exactly back', async () => {
    const { listener, witness } = await four();
    const id = await idOf('200');
    const before = await listener.waitForToneLevel(440, LEVEL_DBOV);
    let now = 0;
    for (const steps of UP_AND_DOWN) {
      await adjust(id, 'talkVolume', steps - now);
      now = steps;
      await Promise.all([listener, witness].map((call) => call.waitForToneLevel(440, LEVEL_DBOV + steps * STEP_DB)));
      await listener.waitForToneLevel(1000, LEVEL_DBOV);
    }
    await adjust(id, 'talkVolume', 0);
    await listener.waitForToneLevel(440, before, { withinDb: 0.1 });
  });

  it('goes no further than 4 steps', async () => {
    const { listener } = await four();
    const id = await idOf('200');
    for (let i = 0; i < 6; i++) await adjust(id, 'talkVolume', 1);
    await listener.waitForToneLevel(440, LEVEL_DBOV + 4 * STEP_DB);
    expect(await lab.node.member('3000', '200')).toMatchObject({ talkVolume: 4 });
  });

  it('is changed with 1, 2 and 3', async () => {
    const { speaker, listener } = await four();
    await speaker.pressKeys('33');
    await listener.waitForToneLevel(440, LEVEL_DBOV + 2 * STEP_DB);
    await speaker.pressKeys('1');
    await listener.waitForToneLevel(440, LEVEL_DBOV + STEP_DB);
    await speaker.pressKeys('2');
    await listener.waitForToneLevel(440, LEVEL_DBOV);
    await speaker.pressKeys('11');
    await listener.waitForToneLevel(440, LEVEL_DBOV - 2 * STEP_DB);
  });

  it('outlasts being muted, held and in the audience', async () => {
    const { listener } = await four();
    const memberId = await idOf('200');
    await adjust(memberId, 'talkVolume', 2);
    const there = LEVEL_DBOV + 2 * STEP_DB;
    await listener.waitForToneLevel(440, there);
    const away: [Command, Command][] = [
      [
        { type: 'set-flags', memberId, changes: { mute: true } },
        { type: 'set-flags', memberId, changes: { mute: false } },
      ],
      [
        { type: 'set-flags', memberId, changes: { speaker: false } },
        { type: 'set-flags', memberId, changes: { speaker: true } },
      ],
      [
        { type: 'hold', memberId, held: true },
        { type: 'hold', memberId, held: false },
      ],
    ];
    for (const [leave, comeBack] of away) {
      await run(leave);
      await listener.waitForSilence({ freqHz: 440, belowDbov: -60, timeoutMs: 3000 });
      await run(comeBack);
      await listener.waitForToneLevel(440, there);
    }
  });
});

describe('the listen volume', () => {
  it('changes what one hears by 3 dB a step, and goes exactly back; nobody else hears a difference', async () => {
    const { listener, witness } = await four();
    const id = await idOf('101');
    const before = await listener.waitForToneLevel(440, LEVEL_DBOV);
    let now = 0;
    for (const steps of UP_AND_DOWN) {
      await adjust(id, 'listenVolume', steps - now);
      now = steps;
      await listener.waitForToneLevel(440, LEVEL_DBOV + steps * STEP_DB);
      await witness.waitForToneLevel(440, LEVEL_DBOV);
    }
    await adjust(id, 'listenVolume', 0);
    await listener.waitForToneLevel(440, before, { withinDb: 0.1 });
  });

  it('is changed with 4, 5 and 6, and outlasts being deaf and on the floor', async () => {
    const { listener, witness } = await four();
    await listener.pressKeys('66');
    await listener.waitForToneLevel(440, LEVEL_DBOV + 2 * STEP_DB);
    await listener.pressKeys('4');
    await listener.waitForToneLevel(440, LEVEL_DBOV + STEP_DB);
    await listener.pressKeys('*');
    await listener.waitForSilence({ freqHz: 440, belowDbov: -60, timeoutMs: 3000 });
    await listener.pressKeys('*');
    await listener.waitForToneLevel(440, LEVEL_DBOV + STEP_DB);
    await run({ type: 'set-flags', memberId: await idOf('101'), changes: { speaker: true } });
    await listener.waitForToneLevel(440, LEVEL_DBOV + STEP_DB);
    await listener.pressKeys('5');
    await listener.waitForToneLevel(440, LEVEL_DBOV);
    await witness.waitForToneLevel(440, LEVEL_DBOV);
  });
});

it('volumes of the profile count for who speaks and who hears, and are what 0 goes back to', async () => {
  const { phones } = lab;
  await phones.call(numberOf('loud', 'speak'), { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
  const listener = await phones.call(numberOf('loud', 'listen'), { callerNumber: '101', send: silence() });
  const both = LEVEL_DBOV + (2 - 1) * STEP_DB;
  await listener.waitForToneLevel(440, both);
  await listener.pressKeys('4');
  await listener.waitForToneLevel(440, both - STEP_DB);
  await listener.pressKeys('5');
  await listener.waitForToneLevel(440, both);
});

/** Speech whose level as a whole is as given. */
async function speech(dbov: number): Promise<Sound> {
  const { dataDir } = await findAsterisk();
  const pcm = readWavFile(join(dataDir, 'sounds/en/demo-instruct.wav'));
  const gain = 10 ** ((dbov - levelDbov(pcm)) / 20);
  return samples(pcm.map((sample) => Math.max(-32768, Math.min(32767, Math.round(sample * gain)))));
}

/** What is heard of a soft and of a loud talker who begin now, from 1 to 3 s after that. */
async function softAndLoud(listeners: readonly Call[], talkers: readonly Call[]): Promise<number[]> {
  const sounds = [await speech(-30), await speech(-9)];
  const begunMs = performance.now();
  talkers.forEach((call, index) => {
    call.send(sounds[index] ?? silence());
  });
  await expect.poll(() => performance.now() - begunMs, { timeout: 5000 }).toBeGreaterThan(3100);
  return listeners.map((call) => call.levelDbov({ fromMs: begunMs + 1000, toMs: begunMs + 3000 }));
}

describe('gain control', () => {
  const connect = async () => {
    const talkers: Call[] = [];
    const listeners: Call[] = [];
    // Each in a conference of their own, because they say the same.
    for (const name of ['levelled', 'deep'] as const) {
      talkers.push(await lab.phones.call(numberOf(name, 'speak'), { callerNumber: '200', send: silence() }));
      listeners.push(await lab.phones.call(numberOf(name, 'listen'), { callerNumber: '101', send: silence() }));
      await lab.node.waitForMembers(name, 2);
    }
    return { talkers, listeners };
  };

  it('brings a soft and a loud talker within 6 dB of each other in 3 s', async () => {
    const { talkers, listeners } = await connect();
    const [soft = 0, loud = 0] = await softAndLoud(listeners, talkers);
    expect(Math.abs(soft - loud)).toBeLessThan(6);
    // And to where they are heard well.
    expect(soft).toBeGreaterThan(-32);
    expect(loud).toBeLessThan(-18);
  });

  it('leaves the voice of who has -agc as it is', async () => {
    const { talkers, listeners } = await connect();
    for (const name of ['levelled', 'deep']) {
      await run({ type: 'set-flags', memberId: await idOf('200', name), changes: { agc: false } }, name);
    }
    const [soft = 0, loud = 0] = await softAndLoud(listeners, talkers);
    expect(loud - soft).toBeGreaterThan(15);
  });
});

describe('an open line', () => {
  const name = 'gated';
  /** Mean amplitudes 148 and 2950; the level of the profile is 300. */
  const HUM = { hz: 220, dbov: -46 };
  const VOICE = { hz: 1000, dbov: -20 };
  const humIsGone = { freqHz: HUM.hz, belowDbov: -65, timeoutMs: 4000, forMs: 200 };

  it('does not hum where the profile has a gate; a voice is heard at once, and what follows it for the pause', async () => {
    const speaker = await lab.phones.call(numberOf(name, 'speak'), {
      callerNumber: '200',
      send: tone(HUM.hz, HUM.dbov),
    });
    const other = await lab.phones.call(numberOf(name, 'speak'), { callerNumber: '201', send: silence() });
    const listener = await lab.phones.call(numberOf(name, 'listen'), { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers(name, 3);
    const hearers = [other, listener];
    await Promise.all(hearers.map((call) => call.waitForSilence({ ...humIsGone, forMs: 1000 })));

    /** How long the hum is heard after a voice. */
    const heldMs = async () => {
      speaker.send(tone(VOICE.hz, VOICE.dbov));
      await Promise.all(hearers.map((call) => call.waitForToneLevel(VOICE.hz, VOICE.dbov)));
      const endedMs = performance.now();
      speaker.send(tone(HUM.hz, HUM.dbov));
      await Promise.all(hearers.map((call) => call.waitForToneLevel(HUM.hz, HUM.dbov, { overMs: 60 })));
      return (await listener.waitForSilence(humIsGone)) - endedMs;
    };
    const usualMs = await heldMs();
    expect(usualMs).toBeGreaterThan(700);
    expect(usualMs).toBeLessThan(1300);
    const memberId = await idOf('200', name);
    await run({ type: 'adjust', memberId, setting: 'vadHoldMs', adjustment: { by: -500 } }, name);
    expect(await lab.node.member(name, '200')).toMatchObject({ vadHoldMs: 300 });
    expect(await heldMs()).toBeLessThan(700);
    // From this level on, the hum is a voice.
    await run({ type: 'adjust', memberId, setting: 'vadLevel', adjustment: { by: -200 } }, name);
    await Promise.all(hearers.map((call) => call.waitForToneLevel(HUM.hz, HUM.dbov)));
  });
});

describe('talking', () => {
  const [name] = ['watched'] as const;
  const HOLD_MS = 800;
  /** Mean amplitude 933 and 295; the level of the profile is 600. */
  const LOUD = tone(440, -30);
  const SOFT = tone(440, -40);
  const talks = async () => (await lab.node.member(name, '200')).talking;
  const untilTalking = (talking: boolean) => expect.poll(talks, { timeout: 3000, interval: 5 }).toBe(talking);
  const set = async (changes: object) => run({ type: 'set-flags', memberId: await idOf('200', name), changes }, name);

  const connect = async () => {
    const speaker = await lab.phones.call(numberOf(name, 'speak'), { callerNumber: '200', send: silence() });
    const listener = await lab.phones.call(numberOf(name, 'listen'), { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers(name, 2);
    return { speaker, listener };
  };

  it('is told within 200 ms of its start, and its end after the pause of the profile', async () => {
    const { speaker, listener } = await connect();
    expect(await talks()).toBe(false);
    const begunMs = performance.now();
    speaker.send(LOUD);
    await untilTalking(true);
    expect(performance.now() - begunMs).toBeLessThan(200);
    await listener.waitForTone(440, { aboveDbov: -35, timeoutMs: 2000 });
    const endedMs = performance.now();
    speaker.send(silence());
    await untilTalking(false);
    const heldMs = performance.now() - endedMs;
    expect(heldMs).toBeGreaterThan(HOLD_MS - 100);
    expect(heldMs).toBeLessThan(HOLD_MS + 400);
  });

  it('begins at the level that is set, and a key changes that', async () => {
    const { speaker, listener } = await connect();
    speaker.send(SOFT);
    await listener.waitForTone(440, { aboveDbov: -45, timeoutMs: 2000 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await talks()).toBe(false);
    await speaker.pressKeys('7777');
    await untilTalking(true);
    expect(await lab.node.member(name, '200')).toMatchObject({ vadLevel: 200 });
    await speaker.pressKeys('8');
    await untilTalking(false);
  });

  it.each([
    ['muted', { mute: true }, { mute: false }],
    ['in the audience', { speaker: false }, { speaker: true }],
    ['not watched', { vad: false }, { vad: true }],
  ])('is none of one who is %s and talks all the same, and is again afterwards', async (_, off, on) => {
    const { speaker } = await connect();
    speaker.send(LOUD);
    await untilTalking(true);
    await set(off);
    expect(await talks()).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await talks()).toBe(false);
    await set(on);
    await untilTalking(true);
    speaker.send(silence());
    await untilTalking(false);
  });

  it('ends although the volume was changed just before', async () => {
    const { speaker } = await connect();
    speaker.send(LOUD);
    await untilTalking(true);
    speaker.send(silence());
    const memberId = await idOf('200', name);
    await run({ type: 'adjust', memberId, setting: 'talkVolume', adjustment: { by: 1 } }, name);
    await untilTalking(false);
    speaker.send(LOUD);
    await untilTalking(true);
  });
});

it('noise is softer where the profile reduces it', async () => {
  const hiss = whiteNoise(-40);
  await lab.phones.call('4000', { callerNumber: '200', send: hiss });
  const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await lab.phones.call(numberOf('clean', 'speak'), { callerNumber: '200', send: hiss });
  const relieved = await lab.phones.call(numberOf('clean', 'listen'), { callerNumber: '101', send: silence() });
  await listener.waitForSound({ aboveDbov: -45, timeoutMs: 3000 });
  const softerBy = () => listener.levelDbov({ lastMs: 500 }) - relieved.levelDbov({ lastMs: 500 });
  await expect.poll(softerBy, { timeout: 5000, interval: 50 }).toBeGreaterThan(8);
  await expect.poll(() => listener.levelDbov({ lastMs: 500 })).toBeCloseTo(-40, -0.5);
  expect(relieved.levelDbov({ lastMs: 500 })).toBeGreaterThan(-70);
});

describe('a call whose codec the relay does not smooth', () => {
  const others = bank(() => ({ server: lab.node.server, codec: 'L16' }));

  it('is heard evenly where the profile has a jitter buffer', async () => {
    const jitterMs = 120;
    const send = wideTone(440, LEVEL_DBOV);
    await others.phones.call('4000', { callerNumber: '200', send, jitterMs });
    const torn = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await others.phones.call(numberOf('smooth', 'speak'), { callerNumber: '200', send, jitterMs });
    const smooth = await lab.phones.call(numberOf('smooth', 'listen'), { callerNumber: '101', send: silence() });
    await torn.waitForTone(440, { aboveDbov: -35, timeoutMs: 3000 });
    // The buffer takes a while to learn how uneven it is; without one, holes come by chance.
    const holes = () => ({ torn: holesIn(torn) > 3, smooth: holesIn(smooth) > 0 });
    await expect.poll(holes, { timeout: 20_000, interval: 50 }).toEqual({ torn: true, smooth: false });
  });
});

/** Of 10 ms each, in the last 3 s. */
function holesIn(call: Call): number {
  const pcm = call.audio({ lastMs: 3000 }).samples;
  let count = 0;
  for (let at = 0; at < pcm.length; at += 80) if (levelDbov(pcm.subarray(at, at + 80)) < -45) count++;
  return count;
}

describe('wideband', () => {
  const wide = bank(() => ({ server: lab.node.server, codec: 'L16' }));

  it('voices reach wideband phones whole, and the others as far as a telephone goes', async () => {
    const speaker = await wide.phones.call('4000', { callerNumber: '200', send: wideTone(5000, -20) });
    const hearing = await wide.phones.call('3000', { callerNumber: '101', send: silence() });
    const narrow = await lab.phones.call('4000', { callerNumber: '201', send: tone(1000, -20) });
    await lab.node.waitForMembers('3000', 3);
    await hearing.waitForToneLevel(5000, -20);
    // The narrow one speaks to all.
    await Promise.all([hearing.waitForToneLevel(1000, -20), speaker.waitForToneLevel(1000, -20)]);
    expect(narrow.levelDbov({ lastMs: 500 })).toBeLessThan(-45);
    speaker.send(tone(440, -20));
    await Promise.all([narrow.waitForToneLevel(440, -20), hearing.waitForToneLevel(440, -20)]);
  });
});
