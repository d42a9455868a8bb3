import { describe, expect, it } from 'vitest';
import { formatFlags, PLAIN_FLAGS, parseFlags } from '../../../src/conference/model/flags.ts';
import { parseJoinArguments } from '../../../src/conference/model/join-arguments.ts';

describe('flags', () => {
  it('are parsed with their sign, the later word winning', () => {
    expect(parseFlags(['+speaker', '-mute', '+mute'])).toEqual({ ok: true, changes: { speaker: true, mute: true } });
  });

  it.each(['speaker', '+loud', '+', '', '*mute', '++mute'])('refuse "%s" and say what there is', (word) => {
    const parsed = parseFlags([word]);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.message).toContain('speaker, admin, mute, deaf');
  });

  it('are shown as words', () => {
    expect(formatFlags({ ...PLAIN_FLAGS, admin: true, deaf: true })).toBe('+admin +deaf +vad +agc +cng');
  });
});

describe('Stasis arguments', () => {
  it('name a conference, a profile and flags', () => {
    expect(parseJoinArguments(['join', '3000', 'default', '+speaker', '-mute'])).toEqual({
      ok: true,
      join: { conference: '3000', profileName: 'default', flags: { speaker: true, mute: false } },
    });
  });

  it.each([
    [[]],
    [['leave', '3000', 'default']],
    [['join']],
    [['join', '3000']],
    [['join', '../x', 'default']],
    [['join', 'a'.repeat(65), 'default']],
    [['join', '3000', 'default', 'speaker']],
  ])('that are malformed are refused with a message: %j', (args) => {
    expect(parseJoinArguments(args)).toMatchObject({ ok: false, message: expect.any(String) });
  });
});
