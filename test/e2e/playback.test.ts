import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { findEspeak } from '../../scripts/debian-root.ts';
import { renderTones, type ToneStep } from '../../src/audio/tones.ts';
import type { Command, PlaybackOperation } from '../../src/conference/commands.ts';
import { Speech } from '../../src/speech/speech.ts';
import { encodeWav } from '../../src/speech/wav.ts';
import type { Call } from '../kit/phone/call.ts';
import { SAMPLE_RATE_HZ, SAMPLES_PER_MS } from '../kit/phone/g711.ts';
import { matchSpeech } from '../kit/phone/judge-speech.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { readWavFile } from '../kit/phone/wav.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { laboratory } from './laboratory.ts';

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _70XX,1,Set(CHANNEL(language)=de)
 same => n,Stasis(rostrum,join,3000,default)
`;

/** The same words sound different in the voice of each language. */
const MUTED_TEXT = 'Die Konferenz beginnt.';

const lab = laboratory({
  bindAddress: '127.0.33.1',
  profile: { sound: { ...SILENT, prompts: { ...SILENT.prompts, muted: `tts:${MUTED_TEXT}` } } },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const HEARD = { aboveDbov: -30, timeoutMs: 5000 };
const gone = (freqHz: number) => ({ freqHz, belowDbov: -55, timeoutMs: 5000 });
const SETTLED = { timeout: 10_000, interval: 50 };
const STEP_DB = 3;
/** As loud as tones of Rostrum are. */
const FILE_LEVEL_DBOV = -24;

const run = (command: Command) => lab.node.command('3000', command);
const play = (...media: string[]) => run({ type: 'play', media, volume: 0 });
const control = (operation: PlaybackOperation) => run({ type: 'control-playback', operation });
const playback = async () => (await lab.node.show('3000')).playback;
const soundFile = (name: string) => join(lab.node.directory, 'sounds', name);

/** Second 0 of the long file has 400 Hz, second 1 has 500 Hz ...: the tone tells the position. */
const SECONDS = 20;
const hzAtSecond = (second: number) => 400 + 100 * second;

async function writeTones(name: string, steps: readonly ToneStep[]): Promise<void> {
  const samples = renderTones(steps, SAMPLE_RATE_HZ, FILE_LEVEL_DBOV);
  await writeFile(`${soundFile(name)}.wav`, encodeWav({ samples, sampleRateHz: SAMPLE_RATE_HZ }));
}

beforeAll(async () => {
  await mkdir(soundFile(''));
  await writeTones('short', [{ frequenciesHz: [1000], durationMs: 800 }]);
  await writeTones('long', [{ frequenciesHz: [1000], durationMs: 30_000 }]);
  await writeTones('other', [{ frequenciesHz: [1500], durationMs: 30_000 }]);
  const seconds = Array.from({ length: SECONDS }, (_, second) => ({
    frequenciesHz: [hzAtSecond(second)],
    durationMs: 1000,
  }));
  await writeTones('seconds', seconds);
  await writeFile(`${soundFile('text')}.wav`, 'This is no audio, whatever its name says.\n'.repeat(1000));
  // 100 MB of silence that takes no space: a valid header, and nothing behind it.
  const header = encodeWav({ samples: new Float32Array(0), sampleRateHz: SAMPLE_RATE_HZ });
  header.writeUInt32LE(100_000_000, 40);
  await writeFile(`${soundFile('huge')}.wav`, header);
  await truncate(`${soundFile('huge')}.wav`, header.length + 100_000_000);
});

/** Two speakers with a tone each, and a listener. */
async function three(): Promise<{ speaker: Call; second: Call; listener: Call; id: number }> {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(2700, -20) });
  const second = await lab.phones.call('4000', { callerNumber: '201', send: tone(3100, -20) });
  const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await lab.node.waitForMembers('3000', 3);
  await Promise.all([speaker.waitForTone(3100, HEARD), second.waitForTone(2700, HEARD)]);
  await Promise.all([listener.waitForTone(2700, HEARD), listener.waitForTone(3100, HEARD)]);
  return { speaker, second, listener, id: (await lab.node.member('3000', '101')).id };
}

/** What was heard from a sound's beginning on, for `ms`. */
async function heardFromOnset(call: Call, ms: number, start: () => Promise<unknown>): Promise<Int16Array> {
  const onset = call.waitForSound({ aboveDbov: -45, timeoutMs: 10_000 });
  await start();
  const fromMs = (await onset) - 400;
  await expect.poll(() => performance.now(), { timeout: ms + 5000 }).toBeGreaterThan(fromMs + ms + 100);
  return call.heardBetween(fromMs, fromMs + ms);
}

/** A machine that is too busy may leave holes in what is heard; other words do not become alike by hearing them again. */
const AGAIN = { retry: 3 };

/** 0 to 1: how much what was heard is this sound. */
const similarity = (sound: Int16Array, heard: Int16Array) => matchSpeech(sound, heard, { maxDelayMs: 800 }).match;

describe('a playback', () => {
  it('is heard by all at its level, while speakers are heard, and nobody hears himself', async () => {
    const { speaker, second, listener } = await three();
    const calls = [speaker, second, listener];
    for (const call of calls) call.resetStats();
    await play(soundFile('long'));
    await Promise.all(calls.map((call) => call.waitForTone(1000, HEARD)));
    const level = (call: Call, hz: number) => call.toneLevelDbov(hz, { lastMs: 300 });
    for (const call of calls) {
      await expect.poll(() => Math.abs(level(call, 1000) - FILE_LEVEL_DBOV), SETTLED).toBeLessThan(1);
    }
    for (const call of [second, listener]) expect(level(call, 2700)).toBeGreaterThan(-22);
    for (const call of [speaker, listener]) expect(level(call, 3100)).toBeGreaterThan(-22);
    expect(level(speaker, 2700)).toBeLessThan(-55);
    expect(level(second, 3100)).toBeLessThan(-55);
    expect(await playback()).toMatchObject({ media: [soundFile('long')], paused: false, volume: 0 });

    await control({ type: 'stop' });
    await Promise.all(calls.map((call) => call.waitForSilence(gone(1000))));
    expect(await playback()).toBeNull();
    for (const call of [second, listener]) expect(level(call, 2700)).toBeGreaterThan(-22);
    for (const call of calls) expect(call.stats().lost).toBe(0);
    await expect(control({ type: 'stop' })).rejects.toMatchObject({ code: 'not-possible' });
  });

  it('is a list of sounds, one after the other, and ends by itself', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('3000', 1);
    const heard = [1000, 700, 900].map((hz) => listener.waitForTone(hz, HEARD));
    await play(soundFile('short'), 'silence:200', 'tone:700/300,900/300', 'beep');
    const [file = 0, first = 0, last = 0] = await Promise.all(heard);
    expect(first - file).toBeGreaterThan(900);
    expect(last - first).toBeGreaterThan(200);
    await expect.poll(playback, SETTLED).toBeNull();
    await listener.waitForSilence({ timeoutMs: 2000 });
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('1 active channel\n');
  });

  it('speaks numbers, digits and text, and plays sounds of Asterisk', AGAIN, async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('3000', 1);
    const hear = async (ms: number, ...media: string[]) => {
      const heard = await heardFromOnset(listener, ms, () => play(...media));
      await expect.poll(playback, SETTLED).toBeNull();
      return heard;
    };
    const twelve = await hear(1000, 'digits/12');
    const oneTwo = await hear(1500, 'sound:digits/1', 'sound:digits/2');
    const number = await hear(1400, 'number:12');
    const digits = await hear(1900, 'digits:12');
    expect(similarity(twelve, number)).toBeGreaterThan(0.9);
    expect(similarity(oneTwo, digits)).toBeGreaterThan(0.9);
    expect(similarity(oneTwo, number)).toBeLessThan(0.85);
    const spoken = await readSpeech('The conference is open.', 'en');
    const ms = spoken.length / SAMPLES_PER_MS + 500;
    expect(similarity(spoken, await hear(ms, 'tts:The conference is open.'))).toBeGreaterThan(0.9);
  });

  it('pauses and goes on where it was, skips forward and back, and starts again', async () => {
    const { listener, speaker } = await three();
    const heardSecond = (second: number, timeoutMs = 2000) =>
      listener.waitForTone(hzAtSecond(second), { ...HEARD, timeoutMs });
    await play(soundFile('seconds'));
    await heardSecond(1, 5000);
    await control({ type: 'pause' });
    await listener.waitForSilence(gone(hzAtSecond(1)));
    expect(await playback()).toMatchObject({ paused: true });
    // Longer than what was left of this second: the file stands still, and the conference does not.
    await listener.waitForSilence({ ...gone(hzAtSecond(2)), forMs: 1200 });
    await Promise.all([2700, 3100].map((hz) => listener.waitForTone(hz, HEARD)));
    await control({ type: 'resume' });
    await heardSecond(1);
    expect(await playback()).toMatchObject({ paused: false });
    await heardSecond(2);
    // From second 2 to second 5: without the skip it would take 3 s.
    await control({ type: 'forward' });
    await heardSecond(5, 1500);
    await control({ type: 'back' });
    await heardSecond(2, 1500);
    await control({ type: 'restart' });
    await heardSecond(0, 1500);
    await heardSecond(1);
    expect(speaker.toneLevelDbov(3100, { lastMs: 300 })).toBeGreaterThan(-22);
    await control({ type: 'pause' });
    await expect(control({ type: 'forward' })).rejects.toMatchObject({ code: 'not-possible' });
    await control({ type: 'stop' });
    await listener.waitForSilence(gone(hzAtSecond(1)));
    expect(await playback()).toBeNull();
  });

  it('is louder and softer by 3 dB a step, from -4 to 4 and back', async () => {
    const { listener } = await three();
    await run({ type: 'play', media: [soundFile('long')], volume: -2 });
    await listener.waitForTone(1000, { ...HEARD, aboveDbov: -45 });
    const off = (volume: number) =>
      Math.abs(listener.toneLevelDbov(1000, { lastMs: 200 }) - (FILE_LEVEL_DBOV + volume * STEP_DB));
    await expect.poll(() => off(-2), SETTLED).toBeLessThan(1);
    for (const volume of [-4, -3, -2, -1, 0, 1, 2, 3, 4, 0]) {
      await control({ type: 'volume', volume });
      await expect.poll(() => off(volume), SETTLED).toBeLessThan(1);
      expect(await playback()).toMatchObject({ volume });
    }
    await expect(control({ type: 'volume', volume: 5 })).rejects.toMatchObject({ code: 'bad-request' });
    expect(listener.toneLevelDbov(2700, { lastMs: 200 })).toBeGreaterThan(-22);
  });

  it('takes the place of the one before it', async () => {
    const { listener } = await three();
    await play(soundFile('long'));
    await listener.waitForTone(1000, HEARD);
    await play(soundFile('other'));
    await Promise.all([listener.waitForTone(1500, HEARD), listener.waitForSilence(gone(1000))]);
    expect(await playback()).toMatchObject({ media: [soundFile('other')] });
    // News of the end of the first one is not taken for that of the second.
    await Promise.all(Array.from({ length: 5 }, () => play(soundFile('other'))));
    await play(soundFile('long'));
    await Promise.all([listener.waitForTone(1000, HEARD), listener.waitForSilence(gone(1500))]);
    expect(await playback()).toMatchObject({ media: [soundFile('long')] });
    await control({ type: 'stop' });
    await listener.waitForSilence(gone(1000));
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('3 active channels');
  });

  it('goes on when the controller is killed, and the next one shows it and can stop it', async () => {
    const { speaker, second, listener } = await three();
    await run({ type: 'play', media: [soundFile('long')], volume: -1 });
    await listener.waitForTone(1000, HEARD);
    for (const call of [speaker, second, listener]) call.resetStats();
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('3000', 3);
    expect(await playback()).toMatchObject({ media: [soundFile('long')], paused: false, volume: -1 });
    expect(listener.toneLevelDbov(1000, { lastMs: 1000 })).toBeGreaterThan(FILE_LEVEL_DBOV - STEP_DB - 1);
    for (const call of [speaker, second, listener]) expect(call.stats().lost).toBe(0);
    await control({ type: 'volume', volume: 1 });
    await listener.waitForTone(1000, { ...HEARD, aboveDbov: FILE_LEVEL_DBOV + STEP_DB - 1 });
    await control({ type: 'stop' });
    await listener.waitForSilence(gone(1000));
    expect(await playback()).toBeNull();
  });
});

describe('a playback to one member', () => {
  it('is heard by him alone, who is heard as before, until it is stopped; the others lose no packet', async () => {
    const { speaker, second, listener } = await three();
    const { id } = await lab.node.member('3000', '200');
    for (const call of [second, listener]) call.resetStats();
    await run({ type: 'play-to-member', memberId: id, media: [soundFile('long')] });
    await speaker.waitForTone(1000, HEARD);
    await speaker.waitForTone(3100, HEARD);
    // Whatever is done about him meanwhile does not wait for the end of the sound.
    await run({ type: 'set-flags', memberId: id, changes: { mute: true } });
    await listener.waitForSilence(gone(2700));
    await run({ type: 'set-flags', memberId: id, changes: { mute: false } });
    await Promise.all([second, listener].map((call) => call.waitForTone(2700, HEARD)));
    for (const call of [second, listener]) {
      expect(call.toneLevelDbov(1000, { lastMs: 1000 })).toBeLessThan(-55);
      const { lost, received, firstPacketMs, lastPacketMs } = call.stats();
      expect(lost).toBe(0);
      expect((lastPacketMs ?? 0) - (firstPacketMs ?? 0) - (received - 1) * 20).toBeLessThanOrEqual(60);
    }
    expect(await playback()).toBeNull();
    await run({ type: 'stop-playing-to-member', memberId: id });
    await speaker.waitForSilence(gone(1000));
    await speaker.waitForTone(3100, HEARD);
  });

  it('ends with his call, and leaves nothing behind', async () => {
    const { listener, second, id } = await three();
    await run({ type: 'play-to-member', memberId: id, media: [soundFile('long')] });
    await listener.waitForTone(1000, HEARD);
    await listener.hangUp();
    await lab.node.waitForMembers('3000', 2);
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('2 active channels');
    await second.waitForTone(2700, HEARD);
  });

  it('is spoken in his language, and so are prompts', AGAIN, async () => {
    const [german, english] = [await readSpeech(MUTED_TEXT, 'de'), await readSpeech(MUTED_TEXT, 'en')];
    const said = await lab.phones.call('7000', { callerNumber: '102', send: silence() });
    const other = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('3000', 2);
    const ms = Math.max(german.length, english.length) / SAMPLES_PER_MS + 500;
    const mute = async (number: string) => {
      const { id } = await lab.node.member('3000', number);
      return run({ type: 'set-flags', memberId: id, changes: { mute: true } });
    };
    const heard = await heardFromOnset(said, ms, () => mute('102'));
    expect(similarity(german, heard)).toBeGreaterThan(0.9);
    expect(similarity(english, heard)).toBeLessThan(0.8);
    const heardByOther = await heardFromOnset(other, ms, () => mute('101'));
    expect(similarity(english, heardByOther)).toBeGreaterThan(0.9);
    expect(similarity(german, heardByOther)).toBeLessThan(0.8);
    await said.waitForSilence({ timeoutMs: 5000 });
    const { id } = await lab.node.member('3000', '102');
    const media = [`tts:${MUTED_TEXT}`];
    const played = await heardFromOnset(said, ms, () => run({ type: 'play-to-member', memberId: id, media }));
    expect(similarity(german, played)).toBeGreaterThan(0.9);
  });
});

describe('what cannot be played', () => {
  it('is a recording that there is not: it does not play for ever', async () => {
    await three();
    await expect(play('recording:nope')).rejects.toMatchObject({ code: 'not-possible' });
    await expect.poll(playback, SETTLED).toBeNull();
  });

  it.each(['missing', 'text'])('tells whoever asked, and leaves the conference alone: %s', async (name) => {
    const { listener } = await three();
    listener.resetStats();
    await expect(play(soundFile(name))).rejects.toMatchObject({
      code: 'not-possible',
      message: expect.stringContaining(name),
    });
    await expect.poll(playback, SETTLED).toBeNull();
    const { id } = await lab.node.member('3000', '101');
    await run({ type: 'play-to-member', memberId: id, media: [soundFile(name)] }).catch(() => {});
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('3 active channels');
    await play(soundFile('short'));
    await Promise.all([listener.waitForTone(1000, HEARD), listener.waitForTone(2700, HEARD)]);
    expect(listener.stats().lost).toBe(0);
  });

  it('does not keep the rest of a list from being played', async () => {
    const { listener } = await three();
    const heard = [1500, 1700].map((hz) => listener.waitForTone(hz, HEARD));
    await play('tone:1500/300', soundFile('missing'), 'tone:1700/300');
    await Promise.all(heard);
    await expect.poll(playback, SETTLED).toBeNull();
    const heardNext = listener.waitForTone(1900, HEARD);
    await play(soundFile('missing'), 'tone:1900/300');
    await heardNext;
    await expect.poll(playback, SETTLED).toBeNull();
  });

  it('is not a file of 100 MB, which begins at once and can be stopped', async () => {
    const { listener } = await three();
    listener.resetStats();
    await play(soundFile('huge'));
    expect(await playback()).toMatchObject({ media: [soundFile('huge')] });
    await listener.waitForTone(2700, HEARD);
    await control({ type: 'forward' });
    await control({ type: 'stop' });
    expect(await playback()).toBeNull();
    expect(listener.stats().lost).toBe(0);
  });

  it.each([
    '../../etc/passwd',
    '/etc/../etc/passwd',
    'sound:/tmp/../x',
    'recording:../x',
    'http://127.0.0.1/x',
    'beep&x',
  ])('is refused before anything happens: %s', async (media) => {
    await lab.phones.call('3000', { callerNumber: '101' });
    await lab.node.waitForMembers('3000', 1);
    await expect(play(media)).rejects.toMatchObject({ code: 'bad-request' });
    const { id } = await lab.node.member('3000', '101');
    const toMember = run({ type: 'play-to-member', memberId: id, media: [media] });
    await expect(toMember).rejects.toMatchObject({ code: 'bad-request' });
    expect(await playback()).toBeNull();
  });

  it('is not a text full of shell characters: it is spoken, and nothing is executed', async () => {
    const marker = join(tmpdir(), `rostrum-${randomUUID()}`);
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('3000', 1);
    const spoken = listener.waitForSound({ aboveDbov: -35, timeoutMs: 10_000 });
    await play(`tts:$(touch ${marker}); "quoted" \`touch ${marker}\` | touch ${marker} & --version -f /etc/passwd`);
    await spoken;
    await control({ type: 'stop' });
    expect(existsSync(marker)).toBe(false);
  });

  it('is a text without a speech engine: the prompt is silent, the conference goes on, and the log says so once', async () => {
    const restore = await changeConfig((config) => {
      config.speech.command = ['/nowhere'];
    });
    try {
      const { listener, speaker, id } = await three();
      const silentLines = async () =>
        (await lab.node.log()).split('\n').filter((line) => line.includes('a prompt stays silent'));
      const before = (await silentLines()).length;
      // Nobody has heard these words before.
      await expect(play(`tts:${randomUUID()}`)).rejects.toMatchObject({ code: 'not-possible' });
      await expect.poll(playback, SETTLED).toBeNull();
      await run({ type: 'play-to-member', memberId: id, media: [`tts:${randomUUID()}`] }).catch(() => {});
      await play(`tts:${randomUUID()}`, 'tone:1000/300').catch(() => {});
      await Promise.all([listener.waitForTone(1000, HEARD), speaker.waitForTone(3100, HEARD)]);
      await lab.phones.call('3000', { callerNumber: '102' });
      await lab.node.waitForMembers('3000', 4);
      expect(await silentLines()).toHaveLength(before + 1);
      await expect.poll(playback, SETTLED).toBeNull();
    } finally {
      await lab.phones.hangUpAll();
      await restore();
    }
  });
});

/** As Rostrum makes it, but made here. */
async function readSpeech(text: string, language: string): Promise<Int16Array> {
  const speech = new Speech({ command: await findEspeak(), directory: join(lab.node.directory, 'own-speech') });
  return readWavFile(`${await speech.soundFor(text, { language })}.wav`);
}

/** Has the next controller run with another configuration. @returns what brings the first one back */
async function changeConfig(change: (config: { speech: { command: string[] } }) => void): Promise<() => Promise<void>> {
  const original = await readFile(lab.node.configPath, 'utf8');
  const changed = parse(original) as { speech: { command: string[] } };
  change(changed);
  const use = async (text: string) => {
    await writeFile(lab.node.configPath, text);
    const pid = await lab.node.controllerPid();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => lab.node.controllerPid().catch(() => pid), SETTLED).not.toBe(pid);
    await lab.node.waitUntilConnected();
  };
  await use(stringify(changed));
  return () => use(original);
}
