import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/conference/commands.ts';
import type { FlagChanges } from '../../src/conference/flags.ts';
import type { Call } from '../kit/phone/call.ts';
import { measureLatency } from '../kit/phone/latency.ts';
import { bursts, type Sound, silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import {
  AGAIN,
  callersAtRelay,
  gapsMs,
  HEARD,
  listen,
  MOST_GAP_MS,
  NOT_HEARD_DBOV,
  remains,
  waitForRelay,
} from './fan-out-laboratory.ts';
import { laboratory } from './laboratory.ts';

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _90XX,1,Stasis(rostrum,join,auto,auto)
exten => _91XX,1,Stasis(rostrum,join,auto,auto,+speaker)
exten => _92XX,1,Stasis(rostrum,join,other,bridged,+speaker)
`;

const lab = laboratory({
  bindAddress: '127.0.70.1',
  profile: { audience: 'fanout' },
  profiles: {
    auto: {
      kind: 'conference',
      idleSeconds: 1,
      audience: 'auto',
      fanOutFrom: 4,
      sound: SILENT,
      audio: { comfortNoise: 0 },
    },
    bridged: { kind: 'conference', audience: 'bridge', sound: SILENT, audio: { comfortNoise: 0 } },
  },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const LEVEL_DBOV = -20;
const WITHIN = { timeout: 3000, interval: 10 };

const call = (number: string, callerNumber: string, send: Sound) => lab.phones.call(number, { callerNumber, send });
const listener = (callerNumber: string, send = silence()) => call('3000', callerNumber, send);
const speaker = (callerNumber: string, send = silence()) => call('4000', callerNumber, send);
const run = (command: Command) => lab.node.command('3000', command);
const idOf = async (callerNumber: string) => (await lab.node.member('3000', callerNumber)).id;
const setFlags = async (callerNumber: string, changes: FlagChanges) =>
  run({ type: 'set-flags', memberId: await idOf(callerNumber), changes });
const level = (heard: Call, freqHz: number, lastMs = 200) => heard.toneLevelDbov(freqHz, { lastMs });
const gone = (freqHz: number) => ({ freqHz, belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 });

/** One who speaks with a tone, one on the floor who is silent, and two listeners at the relay. */
async function four(sound = tone(440, LEVEL_DBOV)) {
  const speaking = await speaker('200', sound);
  const onFloor = await speaker('201');
  const first = await listener('101', tone(1000, LEVEL_DBOV));
  const second = await listener('102');
  await lab.node.waitForMembers('3000', 4);
  await waitForRelay(lab.node, ['101', '102']);
  return { speaking, onFloor, first, second };
}

describe('a listener at the relay', () => {
  it('hears all speakers at their levels, without a gap while he is moved, and nobody hears him', AGAIN, async () => {
    const speaking = await speaker('200', tone(440, LEVEL_DBOV));
    const other = await speaker('201', tone(700, -30));
    const listeners = [await listener('101', tone(1000, -10))];
    await listeners[0]?.waitForTone(440, HEARD);
    for (const each of listeners) each.resetStats();
    other.resetStats();
    listeners.push(await listener('102'), await listener('103'));
    await waitForRelay(lab.node, ['101', '102', '103']);
    await listen(700);
    for (const each of listeners) {
      await each.waitForToneLevel(440, LEVEL_DBOV);
      await each.waitForToneLevel(700, -30);
      expect(each.stats().lost).toBe(0);
    }
    expect(Math.max(...gapsMs(listeners, other))).toBeLessThanOrEqual(MOST_GAP_MS);
    for (const each of [speaking, other, ...listeners.slice(1)]) {
      expect(level(each, 1000, 500)).toBeLessThan(NOT_HEARD_DBOV);
    }
    expect(level(speaking, 440, 500)).toBeLessThan(NOT_HEARD_DBOV);
    await other.waitForToneLevel(440, LEVEL_DBOV, { overMs: 500 });
  });

  it('hears a speaker about as early as those in the bridge', AGAIN, async () => {
    const { speaking, onFloor, first } = await four(bursts({ everyMs: 250, burstMs: 40 }));
    first.send(silence());
    const [atRelay, inBridge] = await Promise.all(
      [first, onFloor].map((each) => measureLatency(speaking, each, { bursts: 12, maxLatencyMs: 120 })),
    );
    const median = (all: number[] = []) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Infinity;
    expect(atRelay?.length).toBeGreaterThan(9);
    expect(median(atRelay)).toBeLessThan(median(inBridge) * 1.5 + 10);
  });

  it(
    'is heard by all within 150 ms of being given a voice, and is back at the relay after it is taken',
    AGAIN,
    async () => {
      const { speaking, onFloor, first, second } = await four();
      const id = await idOf('101');
      for (const each of [first, second]) each.resetStats();
      const path = `/conferences/3000/members/${id}/flags`;
      const givenMs = performance.now();
      const heard = [speaking, onFloor, second].map((each) => each.waitForTone(1000, HEARD));
      await lab.node.api.post(path, { flags: ['+speaker'] });
      for (const atMs of await Promise.all(heard)) expect(atMs - givenMs).toBeLessThan(150);
      expect(await lab.node.member('3000', '101')).toMatchObject({ role: 'speaker', path: 'bridge' });
      await listen(300);
      expect(level(first, 1000)).toBeLessThan(NOT_HEARD_DBOV);
      await first.waitForToneLevel(440, LEVEL_DBOV);

      await lab.node.api.post(path, { flags: ['-speaker'] });
      await Promise.all([speaking, second].map((each) => each.waitForSilence({ ...gone(1000), timeoutMs: 1000 })));
      await waitForRelay(lab.node, ['101', '102']);
      await first.waitForToneLevel(440, LEVEL_DBOV);
      expect(Math.max(...gapsMs([first, second], onFloor))).toBeLessThanOrEqual(MOST_GAP_MS);
    },
  );

  it('can be made deaf, held, talked with, sent to an application and back, and kicked', async () => {
    const { speaking, first, second } = await four();
    const [id, speakerId] = [await idOf('101'), await idOf('200')];
    const backAtRelay = async () => {
      await first.waitForTone(440, HEARD);
      await waitForRelay(lab.node, ['101', '102']);
    };
    await setFlags('101', { deaf: true });
    await first.waitForSilence({ ...gone(440), timeoutMs: 1000 });
    await setFlags('101', { deaf: false });
    await backAtRelay();

    await run({ type: 'hold', memberId: id, held: true });
    await first.waitForSilence({ ...gone(440), timeoutMs: 1000 });
    await run({ type: 'hold', memberId: id, held: false });
    await backAtRelay();

    await run({ type: 'talk-privately', memberId: id, withMemberId: speakerId });
    await speaking.waitForTone(1000, HEARD);
    await second.waitForSilence({ ...gone(440), timeoutMs: 1000 });
    expect(level(second, 1000)).toBeLessThan(NOT_HEARD_DBOV);
    await run({ type: 'end-private', memberId: id });
    await backAtRelay();

    await run({ type: 'execute', memberId: id, application: 'Playback', data: 'beep' });
    await expect.poll(() => lab.node.member('3000', '101'), WITHIN).toMatchObject({ place: 'away' });
    await backAtRelay();

    const elsewhere = await call('9200', '300', tone(2000, LEVEL_DBOV));
    await run({ type: 'transfer', memberId: id, conference: 'other', profileName: null });
    await first.waitForTone(2000, HEARD);
    await first.waitForSilence({ ...gone(440), timeoutMs: 1000 });
    await elsewhere.hangUp();

    await run({ type: 'kick', memberId: await idOf('102') });
    expect(await second.ended).toMatchObject({ by: 'them' });
    await expect.poll(() => remains(lab.node), WITHIN).toEqual([]);
  });

  it('changes his volume by keys in steps of 3 dB, alone, and exactly back', async () => {
    const { first, second } = await four();
    await second.waitForToneLevel(440, LEVEL_DBOV);
    const id = await idOf('101');
    const adjust = (by: number) => run({ type: 'adjust', memberId: id, setting: 'listenVolume', adjustment: { by } });
    for (const steps of [1, 2, 1, 0, -1, -2]) {
      const { listenVolume } = await lab.node.member('3000', '101');
      if (steps !== listenVolume) await adjust(steps - listenVolume);
      await first.waitForToneLevel(440, LEVEL_DBOV + 3 * steps);
      await second.waitForToneLevel(440, LEVEL_DBOV);
    }
    await run({ type: 'adjust', memberId: id, setting: 'listenVolume', adjustment: 'profile' });
    await first.waitForToneLevel(440, LEVEL_DBOV);
    expect(await callersAtRelay(lab.node)).toEqual(['101', '102']);
  });
});

describe('a volume that Asterisk has', () => {
  it('keeps its member in the bridge, where he hears at it', async () => {
    const { first } = await four();
    const id = await idOf('101');
    await setFlags('101', { speaker: true, mute: true });
    await run({ type: 'adjust', memberId: id, setting: 'listenVolume', adjustment: { by: 2 } });
    await first.waitForToneLevel(440, LEVEL_DBOV + 6);
    await setFlags('101', { speaker: false });
    await listen(500);
    await first.waitForToneLevel(440, LEVEL_DBOV + 6);
    expect(await callersAtRelay(lab.node)).toEqual(['102']);
  });
});

describe('audience: auto', () => {
  it(
    'moves listeners from fanOutFrom on, and back at half as many or when that is raised, without a gap',
    AGAIN,
    async () => {
      const speaking = await call('9100', '200', tone(440, LEVEL_DBOV));
      const calls: Call[] = [];
      for (const number of ['101', '102', '103']) calls.push(await call('9000', number, silence()));
      await lab.node.waitForMembers('auto', 4);
      await Promise.all(calls.map((each) => each.waitForTone(440, HEARD)));
      await listen(200);
      expect(await callersAtRelay(lab.node, 'auto')).toEqual([]);
      for (const each of [speaking, ...calls]) each.resetStats();
      calls.push(await call('9000', '104', silence()));
      await waitForRelay(lab.node, ['101', '102', '103', '104'], 'auto');

      const set = (from: string) =>
        lab.node.cli('profile', 'set', 'auto', 'fanOutFrom', from, '--config', lab.node.configPath);
      await set('50');
      await waitForRelay(lab.node, [], 'auto');
      await set('4');
      await waitForRelay(lab.node, ['101', '102', '103', '104'], 'auto');
      await calls[3]?.hangUp();
      await lab.node.waitForMembers('auto', 4);
      expect(await callersAtRelay(lab.node, 'auto')).toEqual(['101', '102', '103']);
      const [first, second] = calls;
      await calls[2]?.hangUp();
      await lab.node.waitForMembers('auto', 3);
      // Two of four are half.
      expect(await callersAtRelay(lab.node, 'auto')).toEqual(['101', '102']);
      await second?.hangUp();
      await waitForRelay(lab.node, [], 'auto');
      await listen(300);
      if (!first) throw new Error('no call');
      await first.waitForToneLevel(440, LEVEL_DBOV);
      expect(Math.max(...gapsMs([first], speaking))).toBeLessThanOrEqual(MOST_GAP_MS);
      expect(first.stats().lost).toBe(0);
    },
  );
});
