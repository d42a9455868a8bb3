import { describe, expect, it } from 'vitest';
import { ACTIONS, parseActionCall } from '../../../src/dtmf/catalogue.ts';

describe('an action in a controls profile', () => {
  it('is a word, or a word with what it takes after a colon', () => {
    expect(parseActionCall('mute')).toEqual({ ok: true, name: 'mute', argument: '' });
    expect(parseActionCall('playback: tone:440/100 ')).toEqual({
      ok: true,
      name: 'playback',
      argument: 'tone:440/100',
    });
    expect(parseActionCall('exec:System echo a:b')).toEqual({ ok: true, name: 'exec', argument: 'System echo a:b' });
  });

  it.each([
    ['', 'no action ""'],
    ['Mute', 'no action "Mute"'],
    ['dance:now', 'no action "dance"'],
    ['mute:on', 'mute takes nothing after it'],
    ['vol-talk', 'expected +N, -N or 0'],
    ['vol-talk:1', 'expected +N, -N or 0'],
    ['vol-talk:+x', 'expected +N, -N or 0'],
    ['vad-level:+12345', 'expected +N, -N or 0'],
    ['playback', 'playback'],
    ['playback:../../etc/passwd', 'not the name of a sound'],
    ['playback:film:x', 'no such kind of media'],
    ['transfer', 'to which conference?'],
    ['transfer:a b', 'to which conference?'],
    ['exec', 'which dialplan application?'],
    ['exec:7up', 'which dialplan application?'],
    ['invite', 'which number or endpoint?'],
    ['invite:a b', 'which number or endpoint?'],
    ['webhook', 'expected a URL'],
    ['webhook:ftp://x.org', 'expected a URL'],
  ])('"%s" is refused with a reason', (text, reason) => {
    expect(parseActionCall(text)).toEqual({ ok: false, message: expect.stringContaining(reason) });
  });

  it('that is unknown is answered with those there are', () => {
    const parsed = parseActionCall('x');
    for (const { name } of ACTIONS) expect(!parsed.ok && parsed.message).toContain(name);
  });

  it('has a name and a summary of its own', () => {
    for (const of of ['name', 'summary'] as const) {
      expect(new Set(ACTIONS.map((action) => action[of])).size).toBe(ACTIONS.length);
    }
  });
});
