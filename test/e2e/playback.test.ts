import { describe, expect, it } from 'vitest';
import type { PlaybackOperation } from '../../src/conference/model/commands.ts';
import type { Call } from '../kit/phone/call.ts';
import { similarity } from '../kit/phone/judge-words.ts';
import { silence } from '../kit/phone/sound.ts';
import { heardFromOnset, lengthMs, readSound, readSpeech } from '../kit/speech.ts';
import {
  control,
  FILE_LEVEL_DBOV,
  gone,
  HEARD,
  hzAtSecond,
  lab,
  MUTED_TEXT,
  play,
  playback,
  run,
  SETTLED,
  STEP_DB,
  soundFile,
  three,
  VOICE_HEARD,
} from './playback-harness.ts';

describe('a playback', () => {
  it('is heard by all at its level, while speakers are heard, and none of them hears an echo', async () => {
    const { speaker, second, listener } = await three();
    const calls = [speaker, second, listener];
    for (const call of calls) call.resetStats();
    await play(soundFile('long'));
    await Promise.all(calls.map((call) => call.waitForTone(1000, HEARD)));
    const level = (call: Call, hz: number) => call.toneLevelDbov(hz, { lastMs: 300 });
    await Promise.all(calls.map((call) => call.waitForToneLevel(1000, FILE_LEVEL_DBOV)));
    await Promise.all([second, listener].map((call) => call.waitForTone(2700, VOICE_HEARD)));
    await Promise.all([speaker, listener].map((call) => call.waitForTone(3100, VOICE_HEARD)));
    expect(level(speaker, 2700)).toBeLessThan(-55);
    expect(level(second, 3100)).toBeLessThan(-55);
    expect(await playback()).toMatchObject({ media: [soundFile('long')], paused: false, volume: 0 });

    await control({ type: 'stop' });
    await Promise.all(calls.map((call) => call.waitForSilence(gone(1000))));
    expect(await playback()).toBeNull();
    await Promise.all([second, listener].map((call) => call.waitForTone(2700, VOICE_HEARD)));
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
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('2 active channels');
  });

  it('speaks numbers, digits and text, and plays sounds of Asterisk', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('3000', 1);
    const hear = async (ms: number, ...media: string[]) => {
      const heard = await heardFromOnset(listener, ms, () => play(...media));
      await expect.poll(playback, SETTLED).toBeNull();
      return heard;
    };
    const [one, two, twelve] = [await readSound('digits/1'), await readSound('digits/2'), await readSound('digits/12')];
    const oneTwo = Int16Array.of(...one, ...two);
    for (const [sound, other, ...media] of [
      [oneTwo, twelve, 'sound:digits/1', 'sound:digits/2'],
      [oneTwo, twelve, 'digits:12'],
      [twelve, oneTwo, 'digits/12'],
      [twelve, oneTwo, 'number:12'],
    ] as const) {
      const heard = await hear(lengthMs(sound), ...media);
      expect(similarity(sound, heard)).toBeGreaterThan(0.85);
      expect(similarity(other, heard)).toBeLessThan(0.8);
    }
    const spoken = await readSpeech(lab.node, 'The conference is open.', 'en');
    expect(similarity(spoken, await hear(lengthMs(spoken), 'tts:The conference is open.'))).toBeGreaterThan(0.85);
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
    await control({ type: 'seek', positionMs: 12_000 });
    await heardSecond(12, 1500);
    await heardSecond(13);
    await control({ type: 'seek', positionMs: 3000 });
    await heardSecond(3, 1500);
    await speaker.waitForTone(3100, VOICE_HEARD);
    await control({ type: 'pause' });
    await expect(control({ type: 'forward' })).rejects.toMatchObject({ code: 'not-possible' });
    await control({ type: 'stop' });
    await listener.waitForSilence(gone(hzAtSecond(3)));
    expect(await playback()).toBeNull();
  });

  it('is louder and softer by 3 dB a step, from -4 to 4 and back', async () => {
    const { listener } = await three();
    await run({ type: 'play', media: [soundFile('long')], volume: -2 });
    await listener.waitForTone(1000, { ...HEARD, aboveDbov: -45 });
    const settlesAt = (volume: number) => listener.waitForToneLevel(1000, FILE_LEVEL_DBOV + volume * STEP_DB);
    await settlesAt(-2);
    for (const volume of [-4, -3, -2, -1, 0, 1, 2, 3, 4, 0]) {
      await control({ type: 'volume', volume });
      await settlesAt(volume);
      expect(await playback()).toMatchObject({ volume });
    }
    await expect(control({ type: 'volume', volume: 5 })).rejects.toMatchObject({ code: 'bad-request' });
    await listener.waitForTone(2700, VOICE_HEARD);
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
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('4 active channels');
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

  it('that ends while there is no controller has ended for the next one, and leaves nothing behind', async () => {
    const { listener } = await three();
    await play('tone:1000/700');
    await listener.waitForTone(1000, HEARD);
    const channels = () => lab.node.asterisk.cli('core show channels count');
    const supervisor = lab.node.supervisorPid;
    process.kill(supervisor, 'SIGSTOP');
    try {
      process.kill(await lab.node.controllerPid(), 'SIGKILL');
      await listener.waitForSilence(gone(1000));
    } finally {
      process.kill(supervisor, 'SIGCONT');
    }
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('3000', 3);
    await expect.poll(playback, SETTLED).toBeNull();
    await expect.poll(channels, SETTLED).toContain('4 active channels');
  });
});

describe('a playback to one member', () => {
  it('is heard by that member alone, who is heard as before, until it is stopped; the others lose no packet', async () => {
    const { speaker, second, listener } = await three();
    const { id } = await lab.node.member('3000', '200');
    for (const call of [second, listener]) call.resetStats();
    await run({ type: 'play-to-member', memberId: id, media: [soundFile('long')] });
    await speaker.waitForTone(1000, HEARD);
    await speaker.waitForTone(3100, HEARD);
    // Whatever is done about the member meanwhile does not wait for the end of the sound.
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

  it.each([
    ['a listener, who hears the relay', '101', 2700],
    ['a speaker, who hears the floor', '200', 3100],
  ])('pauses, goes on, is moved and changes its volume for %s', async (_, number, conferenceHz) => {
    const { speaker, second, listener } = await three();
    const [call, other] = number === '101' ? [listener, second] : [speaker, second];
    const { id: memberId } = await lab.node.member('3000', number);
    const controlOwn = (operation: PlaybackOperation) =>
      run({ type: 'control-playback-to-member', memberId, operation });
    const own = async () => (await lab.node.member('3000', number)).playback;
    const heardSecond = (atSecond: number, timeoutMs = 2000) =>
      call.waitForTone(hzAtSecond(atSecond), { ...HEARD, timeoutMs });
    await run({ type: 'play-to-member', memberId, media: [soundFile('seconds')] });
    await heardSecond(1, 5000);
    await controlOwn({ type: 'pause' });
    await call.waitForSilence(gone(hzAtSecond(1)));
    expect(await own()).toMatchObject({ paused: true, media: [soundFile('seconds')] });
    await call.waitForSilence({ ...gone(hzAtSecond(2)), forMs: 1200 });
    await call.waitForTone(conferenceHz, HEARD);
    // Asterisk answers whatever is asked of the member's channel meanwhile.
    await run({ type: 'raise-hand', memberId, raised: true });
    await run({ type: 'raise-hand', memberId, raised: false });
    await controlOwn({ type: 'resume' });
    await heardSecond(2);
    await controlOwn({ type: 'forward' });
    await heardSecond(5, 1500);
    await controlOwn({ type: 'back' });
    await heardSecond(2, 1500);
    await controlOwn({ type: 'seek', positionMs: 12_000 });
    await heardSecond(12, 1500);
    await heardSecond(13);
    await run({ type: 'play-to-member', memberId, media: [soundFile('long')], volume: -2 });
    for (const volume of [-2, 1, -4, 0]) {
      if (volume !== -2) await controlOwn({ type: 'volume', volume });
      await call.waitForToneLevel(1000, FILE_LEVEL_DBOV + volume * STEP_DB);
      expect(await own()).toMatchObject({ volume });
    }
    // It goes on while the member goes to the floor or to the audience.
    const { role } = await lab.node.member('3000', number);
    for (const speaker of [role === 'listener', role === 'speaker']) {
      await run({ type: 'set-flags', memberId, changes: { speaker } });
      await call.waitForToneLevel(1000, FILE_LEVEL_DBOV, { overMs: 500 });
      await call.waitForTone(conferenceHz, HEARD);
    }
    expect(other.toneLevelDbov(1000, { lastMs: 1000 })).toBeLessThan(-55);
    await controlOwn({ type: 'stop' });
    await call.waitForSilence(gone(1000));
    expect(await own()).toBeNull();
    await expect(controlOwn({ type: 'pause' })).rejects.toMatchObject({ code: 'not-possible' });
    await call.waitForTone(conferenceHz, HEARD);
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('4 active channels');
  });

  it('ends with the call, and leaves nothing behind', async () => {
    const { listener, second, id } = await three();
    await run({ type: 'play-to-member', memberId: id, media: [soundFile('long')] });
    await listener.waitForTone(1000, HEARD);
    await listener.hangUp();
    await lab.node.waitForMembers('3000', 2);
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('3 active channels');
    await second.waitForTone(2700, HEARD);
  });

  it("is spoken in the member's language, and so are prompts", async () => {
    const german = await readSpeech(lab.node, MUTED_TEXT, 'de');
    const english = await readSpeech(lab.node, MUTED_TEXT, 'en');
    const said = await lab.phones.call('7000', { callerNumber: '102', send: silence() });
    const other = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('3000', 2);
    const ms = lengthMs(german, english);
    const mute = async (number: string) => {
      const { id } = await lab.node.member('3000', number);
      return run({ type: 'set-flags', memberId: id, changes: { mute: true } });
    };
    const heard = await heardFromOnset(said, ms, () => mute('102'));
    expect(similarity(german, heard)).toBeGreaterThan(0.85);
    expect(similarity(english, heard)).toBeLessThan(0.8);
    const heardByOther = await heardFromOnset(other, ms, () => mute('101'));
    expect(similarity(english, heardByOther)).toBeGreaterThan(0.85);
    expect(similarity(german, heardByOther)).toBeLessThan(0.8);
    await said.waitForSilence({ timeoutMs: 5000 });
    const { id } = await lab.node.member('3000', '102');
    const media = [`tts:${MUTED_TEXT}`];
    const played = await heardFromOnset(said, ms, () => run({ type: 'play-to-member', memberId: id, media }));
    expect(similarity(german, played)).toBeGreaterThan(0.85);
  });
});
