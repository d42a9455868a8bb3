import { describe, expect, it } from 'vitest';
import { channelSetupOf } from '../../../../src/conference/model/channel-setup.ts';
import type { FlagChanges } from '../../../../src/conference/model/flags.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { AT_BRIDGE, comes, commands, conference, heard, heardBy, memberAt, play, SILENT } from '../conferences.ts';

describe('a muted speaker who talks', () => {
  const talks: Input = { type: 'talks-muted', channelId: 'a2' };
  const sound = { music: 'none', prompts: { ...SILENT, 'you-are-muted': 'muted' } };
  const muted = play(conference({ sound }), [...comes('a2', { speaker: true, mute: true }), ...comes('b')]);

  it('is told so, and no oftener than each 30 s', () => {
    const first = play(muted.conference, [talks], 1000);
    expect(heardBy('a2', first.effects)).toEqual(['muted']);
    expect(heard(first.effects)).toHaveLength(1);
    expect(play(first.conference, [talks], 30_999).effects).toEqual([]);
    expect(heardBy('a2', play(first.conference, [talks], 31_000).effects)).toEqual(['muted']);
  });

  it('is watched by the relay as long as that is so, from the loudness of the member on', () => {
    const watched = (input: Input) => {
      const { conference: state } = play(muted.conference, [input]);
      return channelSetupOf(state, memberAt(state, 'a2'))?.mutedLevel;
    };
    const flags = (changes: FlagChanges) => commands({ type: 'set-flags', memberId: 1, changes });
    const adjustment = { by: 100 };
    expect(channelSetupOf(muted.conference, memberAt(muted.conference, 'a2'))?.mutedLevel).toBe(300);
    expect(watched(commands({ type: 'adjust', memberId: 1, setting: 'vadLevel', adjustment }))).toBe(400);
    for (const changes of [{ mute: false }, { speaker: false }, { vad: false }, { deaf: true }])
      expect(watched(flags(changes)), JSON.stringify(changes)).toBeNull();
    expect(watched({ type: 'phone-hold', channelId: 'a2', held: true })).toBeNull();
    expect(watched(commands({ type: 'hold', memberId: 1, held: true }))).toBeNull();
    expect(watched({ type: 'path', channelId: 'a2', path: AT_BRIDGE })).toBeNull();
    expect(watched({ type: 'settings', settings: conference().settings })).toBeNull();
  });

  it('is told first by the words that they are muted, and after 30 s again', () => {
    const { conference: open } = play(conference({ sound }), [...comes('a2', { speaker: true }), ...comes('b')]);
    const mute = commands({ type: 'set-flags', memberId: 1, changes: { mute: true } });
    for (const [prompt, input] of [
      ['muted', mute],
      ['floor-muted', commands({ type: 'mute-all', audience: 'all' })],
    ] as const) {
      const prompts = { ...sound.prompts, [prompt]: 'beep' };
      const aloud = { ...open, settings: conference({ sound: { ...sound, prompts } }).settings };
      expect(heard(play(aloud, [input, talks], 1000).effects)).toEqual([]);
      const { conference: state } = play(aloud, [input], 1000);
      expect(heardBy('a2', play(state, [talks], 31_000).effects)).toEqual(['muted']);
    }
    // Where those words are silent, nothing has told the member yet.
    expect(heardBy('a2', play(open, [mute, talks], 1000).effects)).toEqual(['muted']);
  });

  it('is told nothing by a report from before', () => {
    const unmute = commands({ type: 'set-flags', memberId: 1, changes: { mute: false } });
    expect(heard(play(muted.conference, [unmute, talks]).effects)).toEqual([]);
  });
});
