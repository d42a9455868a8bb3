import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/conference/model/commands.ts';
import type { FlagChanges } from '../../src/conference/model/flags.ts';
import type { Call } from '../kit/phone/call.ts';
import { steadyToneLevelDbov } from '../kit/phone/judge.ts';
import { measureLatency } from '../kit/phone/latency.ts';
import { bursts, type Sound, silence, tone } from '../kit/phone/sound.ts';
import { parseWav } from '../kit/phone/wav.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { toneFile } from '../kit/tone-file.ts';
import { gapsMs, HEARD, listen, MOST_GAP_MS, NOT_ANCHORED, NOT_HEARD_DBOV, parked } from './audience-harness.ts';
import { harness } from './harness.ts';

/** All that a listener can notice, at the relay and, where the endpoint is not anchored, in Asterisk's bridge. */

const BYE_HZ = 800;
const HAND_HZ = 1000;
const LOCKED_HZ = 1100;
const VOICE_HZ = 1300;
const MUSIC_HZ = 2400;
const NOISE_DBOV = -50;
const LEVEL_DBOV = -20;
const MUSIC_HEARD = { aboveDbov: -35, timeoutMs: 3000 };
const WITHIN = { timeout: 3000, interval: 10 };

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _90XX,1,Stasis(rostrum,join,noisy,noisy)
exten => _91XX,1,Stasis(rostrum,join,noisy,noisy,-cng)
exten => _92XX,1,Stasis(rostrum,join,noisy,noisy,+speaker)
exten => _93XX,1,Stasis(rostrum,join,noisy,noisy,+speaker,-cng)
exten => _94XX,1,Stasis(rostrum,join,other,default,+speaker)
`;

const prompts = {
  ...SILENT.prompts,
  bye: `tone:${BYE_HZ}/300`,
  'hand-raised': `tone:${HAND_HZ}/1500`,
  lockednow: `tone:${LOCKED_HZ}/300`,
};

const music = await toneFile(MUSIC_HZ);

const KEYS = {
  '#': 'hangup',
  '2': 'deaf',
  '3': 'hold',
  '4': 'private',
  '5': 'exec:Playback beep',
  '7': 'transfer:other',
  // Each press counts: a step of the volume more, or another state of the hand.
  '6': 'vol-listen:+1',
  '1': 'hand',
  '12': 'vol-listen:0',
  '9': 'vad-level:+10',
};

describe.each([
  { path: 'relay', set: [] },
  { path: 'bridge', set: NOT_ANCHORED },
] as const)('a listener, heard from the $path,', ({ path, set }) => {
  const lab = harness({
    profile: { idleSeconds: 1, controls: 'counting', sound: { music: 'tone', prompts } },
    profiles: {
      counting: { kind: 'controls', pauseSeconds: 1, keys: KEYS },
      noisy: { kind: 'conference', idleSeconds: 1, sound: SILENT, audio: { comfortNoise: NOISE_DBOV } },
    },
    extra: { append: { 'extensions.conf': DIALPLAN, 'musiconhold.conf': music.musicClass }, set },
  });

  const call = (number: string, callerNumber: string, send: Sound) => lab.phones.call(number, { callerNumber, send });
  const listener = (callerNumber: string, send = silence()) => call('3000', callerNumber, send);
  const speaker = (callerNumber: string, send = silence()) => call('4000', callerNumber, send);
  const run = (command: Command) => lab.node.command('3000', command);
  const idOf = async (callerNumber: string) => (await lab.node.member('3000', callerNumber)).id;
  const setFlags = async (callerNumber: string, changes: FlagChanges) =>
    run({ type: 'set-flags', memberId: await idOf(callerNumber), changes });
  const level = (heard: Call, freqHz: number, lastMs = 200) => heard.toneLevelDbov(freqHz, { lastMs });
  const gone = (freqHz: number) => ({ freqHz, belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 });
  const volumeOf = async (callerNumber: string) => (await lab.node.member('3000', callerNumber)).listenVolume;

  /** A member who speaks with a tone, one on the floor who is silent, and two listeners. */
  async function four(sound = tone(440, LEVEL_DBOV)) {
    const speaking = await speaker('200', sound);
    const onFloor = await speaker('201');
    const first = await listener('101', tone(VOICE_HZ, LEVEL_DBOV));
    const second = await listener('102');
    const { members } = await lab.node.waitForMembers('3000', 4);
    for (const member of members) expect(member.path).toBe(path);
    for (const { pathReason } of members) expect(pathReason === null).toBe(path === 'relay');
    await Promise.all([first, second].map((each) => each.waitForSound(HEARD)));
    return { speaking, onFloor, first, second };
  }

  it('hears all speakers at their levels, and nobody hears a listener', async () => {
    const { speaking, onFloor, first, second } = await four();
    onFloor.send(tone(700, -30));
    for (const each of [first, second]) {
      await each.waitForToneLevel(440, LEVEL_DBOV);
      await each.waitForToneLevel(700, -30);
      each.resetStats();
    }
    await listen(700);
    for (const each of [first, second]) expect(each.stats().lost).toBe(0);
    for (const each of [speaking, onFloor, second]) {
      expect(level(each, VOICE_HZ, 500)).toBeLessThan(NOT_HEARD_DBOV);
    }
    expect(level(speaking, 440, 500)).toBeLessThan(NOT_HEARD_DBOV);
    await onFloor.waitForToneLevel(440, LEVEL_DBOV, { overMs: 500 });
  });

  it('hears a speaker about as early as the members on the floor', async () => {
    const { speaking, onFloor, first } = await four(bursts({ everyMs: 250, burstMs: 40 }));
    first.send(silence());
    const [listening, inBridge] = await Promise.all(
      [first, onFloor].map((each) => measureLatency(speaking, each, { bursts: 12, maxLatencyMs: 120 })),
    );
    const median = (all: number[] = []) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Infinity;
    expect(listening?.length).toBeGreaterThan(9);
    expect(median(listening)).toBeLessThan(median(inBridge) * 1.5 + 10);
  });

  it('is heard by all soon after being given a voice, hears without a gap meanwhile, and is silent after it is taken', async () => {
    const { speaking, onFloor, first, second } = await four();
    const id = await idOf('101');
    for (const each of [onFloor, first, second]) each.resetStats();
    const url = `/conferences/3000/members/${id}/flags`;
    const givenMs = performance.now();
    const heard = [speaking, onFloor, second].map((each) => each.waitForTone(VOICE_HZ, HEARD));
    await lab.node.api.post(url, { flags: ['+speaker'] });
    for (const atMs of await Promise.all(heard)) expect(atMs - givenMs).toBeLessThan(100);
    expect(await lab.node.member('3000', '101')).toMatchObject({ role: 'speaker', path });
    await listen(300);
    expect(level(first, VOICE_HZ)).toBeLessThan(NOT_HEARD_DBOV);
    await first.waitForToneLevel(440, LEVEL_DBOV);

    await lab.node.api.post(url, { flags: ['-speaker'] });
    await Promise.all([speaking, second].map((each) => each.waitForSilence({ ...gone(VOICE_HZ), timeoutMs: 1000 })));
    await first.waitForToneLevel(440, LEVEL_DBOV);
    expect(Math.max(...gapsMs([first, second], onFloor))).toBeLessThanOrEqual(MOST_GAP_MS);
    // What the relay sends is one stream, wherever it comes from.
    expect(first.stats()).toMatchObject({ lost: 0, ...(path === 'relay' && { streams: 1 }) });
  });

  it('is deaf, on hold, in a private talk, in an application, and elsewhere by keys, and can be kicked', async () => {
    const { speaking, first, second } = await four();
    const isBack = () => first.waitForTone(440, HEARD);
    const hasGone = (each: Call) => each.waitForSilence({ ...gone(440), timeoutMs: 1000 });
    await first.pressKeys('2');
    await hasGone(first);
    await first.pressKeys('2');
    await isBack();

    await first.pressKeys('3');
    await Promise.all([hasGone(first), first.waitForTone(MUSIC_HZ, MUSIC_HEARD)]);
    await first.pressKeys('3');
    await isBack();

    await speaking.pressKeys('1');
    await expect.poll(() => lab.node.member('3000', '200'), WITHIN).toMatchObject({ handRaisedAt: expect.any(String) });
    await first.pressKeys('4');
    await speaking.waitForTone(VOICE_HZ, HEARD);
    await hasGone(second);
    // The end of a tone has parts at all frequencies.
    await listen(200);
    expect(level(second, VOICE_HZ)).toBeLessThan(NOT_HEARD_DBOV);
    await first.pressKeys('4');
    await second.waitForTone(440, HEARD);
    await speaking.waitForSilence({ ...gone(VOICE_HZ), timeoutMs: 1000 });

    await first.pressKeys('5');
    await expect.poll(() => lab.node.member('3000', '101'), WITHIN).toMatchObject({ place: 'away' });
    await expect.poll(() => lab.node.member('3000', '101'), WITHIN).toMatchObject({ place: 'floor' });
    await isBack();

    const elsewhere = await call('9400', '300', tone(2000, LEVEL_DBOV));
    await first.pressKeys('7');
    await first.waitForTone(2000, HEARD);
    await hasGone(first);
    await elsewhere.hangUp();

    await run({ type: 'kick', memberId: await idOf('102') });
    expect(await second.ended).toMatchObject({ by: 'them' });
    await first.hangUp();
    await lab.node.waitForMembers('3000', 2);
    await expect.poll(() => parked(lab.node), WITHIN).toBe(0);
  });

  it('has a volume in steps of 3 dB, which nobody else hears, as a speaker too', async () => {
    const { first, second } = await four();
    await second.waitForToneLevel(440, LEVEL_DBOV);
    const id = await idOf('101');
    const adjust = (by: number) => run({ type: 'adjust', memberId: id, setting: 'listenVolume', adjustment: { by } });
    for (const steps of [1, 2, 1, 0, -1, -2, 2]) {
      const { listenVolume } = await lab.node.member('3000', '101');
      if (steps !== listenVolume) await adjust(steps - listenVolume);
      await first.waitForToneLevel(440, LEVEL_DBOV + 3 * steps);
      await second.waitForToneLevel(440, LEVEL_DBOV);
    }
    await setFlags('101', { speaker: true, mute: true });
    await first.waitForToneLevel(440, LEVEL_DBOV + 6);
    await setFlags('101', { speaker: false });
    await first.waitForToneLevel(440, LEVEL_DBOV + 6);
    await run({ type: 'adjust', memberId: id, setting: 'listenVolume', adjustment: 'profile' });
    await first.waitForToneLevel(440, LEVEL_DBOV);
  });

  it.each(['rfc4733', 'info'] as const)('presses keys by %s: each counts once, alone and in sequences', async (via) => {
    const { first, second } = await four();
    await first.pressKeys('66466', { via, toneMs: 160, gapMs: 60 });
    await expect.poll(() => volumeOf('101'), WITHIN).toBe(4);
    await listen(200);
    expect(await volumeOf('101')).toBe(4);
    await first.pressKeys('12', { via });
    await expect.poll(() => volumeOf('101'), WITHIN).toBe(0);
    expect(await lab.node.member('3000', '101')).toMatchObject({ handRaisedAt: null });
    const told = first.waitForTone(BYE_HZ, { aboveDbov: -35, timeoutMs: 3000 });
    await Promise.all([told, first.pressKeys('#', { via })]);
    expect(await first.ended).toMatchObject({ by: 'them' });
    await lab.node.waitForMembers('3000', 3);
    expect(level(second, BYE_HZ, 1000)).toBeLessThan(NOT_HEARD_DBOV);
  });

  it('gets keys that are sent to it, as a speaker does, and nobody else gets them', async () => {
    const { speaking, onFloor, first, second } = await four();
    for (const [callerNumber, phone] of [
      ['101', first],
      ['200', speaking],
    ] as const) {
      await run({ type: 'send-dtmf', memberId: await idOf(callerNumber), digits: '0123456789*#AD' });
      await phone.waitForKeys('0123456789*#AD', { timeoutMs: 6000 });
      expect(phone.heardKeys).toHaveLength(14);
    }
    for (const each of [onFloor, second]) {
      expect(each.heardKeys).toEqual([]);
      // The tones of the key 5 (ITU-T Q.23).
      for (const hz of [770, 1336]) expect(level(each, hz, 4000)).toBeLessThan(NOT_HEARD_DBOV);
      await each.waitForToneLevel(440, LEVEL_DBOV);
    }
    await first.waitForToneLevel(440, LEVEL_DBOV);
    expect(first.stats().lost).toBe(0);
  });

  it('presses keys that count once each while a prompt is heard, and while a voice is given and taken', async () => {
    const { first } = await four();
    const id = await idOf('101');
    await run({ type: 'play-to-member', memberId: id, media: ['tone:1550/1500'] });
    await first.waitForTone(1550, { aboveDbov: -35, timeoutMs: 2000 });
    await first.pressKeys('66', { toneMs: 300, gapMs: 100 });
    await first.waitForNoTone(1550, { belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 });
    expect(await volumeOf('101')).toBe(2);

    const change = (speaker: boolean) => run({ type: 'set-flags', memberId: id, changes: { speaker, mute: true } });
    const before = (await lab.node.member('3000', '101')).vadLevel;
    const pressed = first.pressKeys('999999999999', { toneMs: 100, gapMs: 60 });
    for (let turns = 0; turns < 6; turns++) {
      await change(turns % 2 === 0);
      await listen(290);
    }
    await pressed;
    const presses = async () => ((await lab.node.member('3000', '101')).vadLevel - before) / 10;
    await expect.poll(presses, WITHIN).toBe(12);
    await listen(500);
    expect(await presses()).toBe(12);
  });

  it('hears a prompt alone, over the conference', async () => {
    const { first, second, speaking } = await four();
    await first.pressKeys('1');
    await first.waitForTone(HAND_HZ, { aboveDbov: -35, timeoutMs: 3000 });
    const isHeardToo = () => level(first, HAND_HZ) > -35 && Math.abs(level(first, 440) - LEVEL_DBOV) < 1;
    await expect.poll(isHeardToo, WITHIN).toBe(true);
    await first.waitForNoTone(HAND_HZ, { belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 });
    await first.waitForToneLevel(440, LEVEL_DBOV);
    for (const each of [second, speaking]) expect(level(each, HAND_HZ, 1000)).toBeLessThan(NOT_HEARD_DBOV);
    await expect.poll(() => lab.node.asterisk.cli('core show channels'), WITHIN).not.toContain('Snoop');
  });

  it('hears what everybody is played, music when alone, and the recording has the speaker', async () => {
    const { speaking, onFloor, first, second } = await four();
    await run({ type: 'record', name: `heard-${path}` });
    // The sounds are short: a command may be done after them.
    const bothHear = (freqHz: number) =>
      Promise.all([first, second].map((each) => each.waitForTone(freqHz, { aboveDbov: -35, timeoutMs: 3000 })));
    await Promise.all([bothHear(LOCKED_HZ), run({ type: 'lock', locked: true })]);
    await run({ type: 'lock', locked: false });
    await Promise.all([bothHear(1700), run({ type: 'play', media: ['tone:1700/600'], volume: 0 })]);
    await listen(1000);
    await run({ type: 'stop-recording' });
    const file = join(lab.node.asterisk.directory, 'spool', 'recording', `heard-${path}.wav`);
    await expect.poll(async () => parseWav(await readFile(file))?.length ?? 0, WITHIN).toBeGreaterThan(8000);
    const recorded = parseWav(await readFile(file)) ?? new Int16Array(0);
    expect(steadyToneLevelDbov(recorded.subarray(-4000), 440)).toBeCloseTo(LEVEL_DBOV, -0.3);

    for (const each of [speaking, onFloor, second]) await each.hangUp();
    await lab.node.waitForMembers('3000', 1);
    await first.waitForTone(MUSIC_HZ, MUSIC_HEARD);
    const third = await listener('103');
    await lab.node.waitForMembers('3000', 2);
    await Promise.all([first, third].map((each) => each.waitForSilence({ belowDbov: -60, timeoutMs: 3000 })));
  });

  it('hears comfort noise at its level, but not with -cng; a speaker with -cng ends it on the floor', async () => {
    const speaking = await call('9200', '200', silence());
    const first = await call('9000', '101', silence());
    const without = await call('9100', '102', silence());
    const hears = (each: Call) =>
      expect.poll(() => each.levelDbov({ lastMs: 500 }), WITHIN).toBeCloseTo(NOISE_DBOV, -0.5);
    await Promise.all([hears(first), hears(speaking)]);
    // In the bridge there is one sound for all.
    if (path === 'relay') await without.waitForSilence({ belowDbov: -75, timeoutMs: 2000 });
    const quiet = await call('9300', '201', silence());
    await Promise.all([quiet, speaking].map((each) => each.waitForSilence({ belowDbov: -75, timeoutMs: 3000 })));
    if (path === 'relay') await hears(first);
    await without.waitForSilence({ belowDbov: -75, timeoutMs: 2000 });
  });
});
