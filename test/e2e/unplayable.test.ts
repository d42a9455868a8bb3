import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SAMPLE_RATE_HZ } from '../kit/phone/g711.ts';
import { similarity } from '../kit/phone/judge-words.ts';
import { silence } from '../kit/phone/sound.ts';
import { heardFromOnset, lengthMs, readSpeech } from '../kit/speech.ts';
import {
  changeConfig,
  control,
  HEARD,
  lab,
  play,
  playback,
  run,
  SETTLED,
  soundFile,
  three,
} from './playback-harness.ts';

describe('what cannot be played', () => {
  it('is a recording that there is not: it does not play for ever', async () => {
    await three();
    await expect(play('recording:nope')).rejects.toMatchObject({ code: 'not-possible' });
    await expect.poll(playback, SETTLED).toBeNull();
  });

  it.each(['missing', 'text'])('is reported to the requester, and leaves the conference alone: %s', async (name) => {
    const { listener } = await three();
    listener.resetStats();
    await expect(play(soundFile(name))).rejects.toMatchObject({
      code: 'not-possible',
      message: expect.stringContaining(name),
    });
    await expect.poll(playback, SETTLED).toBeNull();
    const { id } = await lab.node.member('3000', '101');
    await run({ type: 'play-to-member', memberId: id, media: [soundFile(name)] }).catch(() => {});
    await expect.poll(() => lab.node.asterisk.cli('core show channels count'), SETTLED).toContain('4 active channels');
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
    const text = `$(touch ${marker}); "quoted" \`touch ${marker}\` | touch ${marker} & --version -f /etc/passwd`;
    // Long enough to tell it from other words.
    const beginning = (await readSpeech(lab.node, text, 'en')).subarray(0, 3 * SAMPLE_RATE_HZ);
    const heard = await heardFromOnset(listener, lengthMs(beginning), () => play(`tts:${text}`));
    expect(similarity(beginning, heard)).toBeGreaterThan(0.85);
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
