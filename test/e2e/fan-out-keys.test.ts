import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/conference/commands.ts';
import type { Call } from '../kit/phone/call.ts';
import { toneLevelDbov } from '../kit/phone/judge.ts';
import { type Sound, silence, tone } from '../kit/phone/sound.ts';
import { parseWav } from '../kit/phone/wav.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { HEARD, listen, NOT_HEARD_DBOV, remains, waitForRelay } from './fan-out-laboratory.ts';
import { laboratory } from './laboratory.ts';

const BYE_HZ = 800;
const HAND_HZ = 1000;
const LOCKED_HZ = 1100;
const prompts = {
  ...SILENT.prompts,
  bye: `tone:${BYE_HZ}/300`,
  'hand-raised': `tone:${HAND_HZ}/1500`,
  lockednow: `tone:${LOCKED_HZ}/300`,
};
const NOISE_DBOV = -50;

const lab = laboratory({
  bindAddress: '127.0.71.1',
  profile: { audience: 'fanout', idleSeconds: 1, controls: 'counting', sound: { music: 'default', prompts } },
  profiles: {
    // Each press counts: a step of the volume more, or another state of the hand.
    counting: {
      kind: 'controls',
      pauseSeconds: 1,
      keys: {
        '#': 'hangup',
        '6': 'vol-listen:+1',
        '4': 'vol-listen:-1',
        '1': 'hand',
        '12': 'vol-listen:0',
        '9': 'vad-level:+10',
      },
    },
    noisy: {
      kind: 'conference',
      audience: 'fanout',
      idleSeconds: 1,
      sound: SILENT,
      audio: { comfortNoise: NOISE_DBOV },
    },
  },
  extra: {
    append: {
      'extensions.conf': `
[rostrum-dial-in](+)
exten => _90XX,1,Stasis(rostrum,join,noisy,noisy)
exten => _91XX,1,Stasis(rostrum,join,noisy,noisy,-cng)
exten => _92XX,1,Stasis(rostrum,join,noisy,noisy,+speaker)
exten => _93XX,1,Stasis(rostrum,join,noisy,noisy,+speaker,-cng)
`,
    },
  },
});

const LEVEL_DBOV = -20;
const WITHIN = { timeout: 3000, interval: 10 };

const call = (number: string, callerNumber: string, send: Sound = silence()) =>
  lab.phones.call(number, { callerNumber, send });
const run = (command: Command) => lab.node.command('3000', command);
const level = (heard: Call, freqHz: number, lastMs = 200) => heard.toneLevelDbov(freqHz, { lastMs });

async function three() {
  const speaking = await call('4000', '200', tone(440, LEVEL_DBOV));
  const first = await call('3000', '101');
  const second = await call('3000', '102');
  await waitForRelay(lab.node, ['101', '102']);
  await Promise.all([first, second].map((each) => each.waitForTone(440, HEARD)));
  return { speaking, first, second };
}

const volumeOf = async (callerNumber: string) => (await lab.node.member('3000', callerNumber)).listenVolume;

describe.each(['rfc4733', 'info'] as const)('keys of a listener at the relay by %s', (via) => {
  it('count once each, alone and in sequences, and # ends his call', async () => {
    const { first, second } = await three();
    await first.pressKeys('66466', { via, toneMs: 160, gapMs: 60 });
    await expect.poll(() => volumeOf('101'), WITHIN).toBe(3);
    await listen(200);
    expect(await volumeOf('101')).toBe(3);
    await first.waitForToneLevel(440, LEVEL_DBOV + 9);
    await first.pressKeys('12', { via });
    await expect.poll(() => volumeOf('101'), WITHIN).toBe(0);
    expect(await lab.node.member('3000', '101')).toMatchObject({ handRaisedAt: null });
    await first.pressKeys('#', { via });
    await first.waitForTone(BYE_HZ, { aboveDbov: -35, timeoutMs: 3000 });
    expect(await first.ended).toMatchObject({ by: 'them' });
    await lab.node.waitForMembers('3000', 2);
    expect(level(second, BYE_HZ, 1000)).toBeLessThan(NOT_HEARD_DBOV);
  });
});

describe('keys', () => {
  it('count once each also while Asterisk has his media for a prompt, and while he is moved', async () => {
    const { first } = await three();
    const { id } = await lab.node.member('3000', '101');
    await run({ type: 'play-to-member', memberId: id, media: ['tone:1550/1500'] });
    await first.waitForTone(1550, { aboveDbov: -35, timeoutMs: 2000 });
    await first.pressKeys('66', { toneMs: 300, gapMs: 100 });
    await first.waitForNoTone(1550, { belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 });
    expect(await volumeOf('101')).toBe(2);

    const setFlags = (speaker: boolean) => run({ type: 'set-flags', memberId: id, changes: { speaker, mute: true } });
    const before = (await lab.node.member('3000', '101')).vadLevel;
    const pressed = first.pressKeys('999999999999', { toneMs: 100, gapMs: 60 });
    for (let turns = 0; turns < 6; turns++) {
      await setFlags(turns % 2 === 0);
      await listen(290);
    }
    await pressed;
    const presses = async () => ((await lab.node.member('3000', '101')).vadLevel - before) / 10;
    await expect.poll(presses, WITHIN).toBe(12);
    await listen(500);
    expect(await presses()).toBe(12);
  });
});

describe('a prompt to a listener at the relay', () => {
  it('is heard by him alone, over the conference, and he is at the relay after it', async () => {
    const { first, second, speaking } = await three();
    first.resetStats();
    await first.pressKeys('1');
    await first.waitForTone(HAND_HZ, { aboveDbov: -35, timeoutMs: 3000 });
    const isHeardToo = () => level(first, HAND_HZ) > -35 && Math.abs(level(first, 440) - LEVEL_DBOV) < 1;
    await expect.poll(isHeardToo, WITHIN).toBe(true);
    await first.waitForNoTone(HAND_HZ, { belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 });
    await first.waitForToneLevel(440, LEVEL_DBOV);
    for (const each of [second, speaking]) expect(level(each, HAND_HZ, 1000)).toBeLessThan(NOT_HEARD_DBOV);
    await expect.poll(() => lab.node.asterisk.cli('core show channels'), WITHIN).not.toContain('Snoop');
    const { id } = await lab.node.member('3000', '101');
    const sent = async () => {
      const { stdout } = await lab.node.cli('member', '3000', String(id), 'status', '--json');
      return JSON.parse(stdout).media?.packetsSent;
    };
    // Asterisk does not always have the statistics just after it has let go of the media.
    await expect.poll(sent, WITHIN).toBeTypeOf('number');
    const before = await sent();
    await listen(300);
    expect(await sent()).toBe(before);
    expect(first.stats().longestGapMs).toBeLessThan(150);
  });
});

describe('what everybody is played', () => {
  it('reaches listeners at the relay; music does when the last one is alone; and a recording has the speaker', async () => {
    const { speaking, first, second } = await three();
    await run({ type: 'record', name: 'fanned' });
    await run({ type: 'lock', locked: true });
    await Promise.all([first, second].map((each) => each.waitForTone(LOCKED_HZ, { aboveDbov: -35, timeoutMs: 3000 })));
    await run({ type: 'play', media: ['tone:1700/600'], volume: 0 });
    await Promise.all([first, second].map((each) => each.waitForTone(1700, { aboveDbov: -35, timeoutMs: 3000 })));
    await listen(1000);
    await run({ type: 'stop-recording' });
    const file = join(lab.node.asterisk.directory, 'spool', 'recording', 'fanned.wav');
    await expect.poll(async () => parseWav(await readFile(file))?.length ?? 0, WITHIN).toBeGreaterThan(8000);
    const recorded = parseWav(await readFile(file)) ?? new Int16Array(0);
    expect(toneLevelDbov(recorded.subarray(-4000), 440, 8000)).toBeCloseTo(LEVEL_DBOV, -0.3);

    await speaking.hangUp();
    await second.hangUp();
    await lab.node.waitForMembers('3000', 1);
    await first.waitForSound({ aboveDbov: -45, timeoutMs: 3000 });
    await waitForRelay(lab.node, []);
    await expect.poll(() => remains(lab.node), WITHIN).toEqual([]);
  });
});

describe('comfort noise', () => {
  it('is heard at the relay at its level, but not by a member with -cng; a speaker with -cng ends it on the floor', async () => {
    const speaking = await call('9200', '200');
    const first = await call('9000', '101');
    const without = await call('9100', '102');
    await waitForRelay(lab.node, ['101', '102'], 'noisy');
    const hears = (each: Call) =>
      expect.poll(() => each.levelDbov({ lastMs: 500 }), WITHIN).toBeCloseTo(NOISE_DBOV, -0.5);
    await Promise.all([hears(first), hears(speaking)]);
    await without.waitForSilence({ belowDbov: -75, timeoutMs: 2000 });
    const quiet = await call('9300', '201');
    await Promise.all([quiet, speaking].map((each) => each.waitForSilence({ belowDbov: -75, timeoutMs: 3000 })));
    await hears(first);
    expect(without.levelDbov({ lastMs: 500 })).toBeLessThan(-75);
  });
});
