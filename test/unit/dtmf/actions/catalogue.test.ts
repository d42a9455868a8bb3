import { describe, expect, it } from 'vitest';
import { newConference } from '../../../../src/conference/model/conference.ts';
import { ACTIONS, parseAction } from '../../../../src/dtmf/actions/catalogue.ts';
import { member, settings } from '../../api/conferences.ts';

/** The commands when member 7 presses the key; what is wrong where the text is no action. */
const meaningOf = (text: string) => {
  const parsed = parseAction(text);
  return parsed.ok ? parsed.action.commandsOf(member(7), newConference('3000', settings(), 0)) : parsed.message;
};

describe('an action in a controls profile', () => {
  it('is a word, or a word with what it takes after a colon', () => {
    expect(meaningOf('mute')).toEqual([{ type: 'set-flags', memberId: 7, changes: { mute: true } }]);
    expect(meaningOf('playback: tone:440/100 ')).toEqual([
      { type: 'play-to-member', memberId: 7, media: ['tone:440/100'] },
    ]);
    expect(meaningOf('exec:System echo a:b')).toEqual([
      { type: 'execute', memberId: 7, application: 'System', data: 'echo a:b' },
    ]);
  });

  it('runs any command with "api", where "me" is the member who pressed the key', () => {
    expect(meaningOf('api:member me hand raise')).toEqual([{ type: 'raise-hand', memberId: 7, raised: true }]);
    expect(meaningOf('api:member 3 private me')).toEqual([{ type: 'talk-privately', memberId: 3, withMemberId: 7 }]);
    expect(meaningOf('api:playback "tts:good morning"')).toEqual([
      { type: 'play', media: ['tts:good morning'], volume: 0 },
    ]);
  });

  it.each([
    ['api', 'no command'],
    ['api:dance', 'no command "dance"'],
    ['api:playback "tts:good morning', 'a quote is not closed'],
    ['', 'no action ""'],
    ['Mute', 'no action "Mute"'],
    ['dance:now', 'no action "dance"'],
    ['mute:on', 'mute takes nothing after it'],
    ['confirm', 'confirm: no action ""'],
    ['confirm:dance', 'confirm: no action "dance"'],
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
    [`exec:Playback \${SHELL(id)}`, 'arguments have at most 1000 characters'],
    ['invite', 'which number or endpoint?'],
    ['invite:a b', 'which number or endpoint?'],
    ['webhook', 'expected a URL'],
    ['webhook:ftp://x.org', 'expected a URL'],
  ])('"%s" is refused with a reason', (text, reason) => {
    expect(parseAction(text)).toEqual({ ok: false, message: expect.stringContaining(reason) });
  });

  it.each([
    ['mute', 'Stop being heard, or be heard again'],
    ['vol-talk:+2', 'Be heard louder'],
    ['vol-talk:-1', 'Be heard more softly'],
    ['vol-talk:0', 'Be heard as loud as usual'],
    ['playback-all:hello', 'Play an announcement to everybody'],
    ['playback-all:stop', 'Stop what is being played to everybody'],
    ['confirm:term', 'End the conference'],
  ])('"%s" has words for callers', (text, words) => {
    expect(parseAction(text)).toMatchObject({ action: { summary: words } });
  });

  it('that is unknown is answered with those there are', () => {
    const parsed = parseAction('x');
    for (const { name } of ACTIONS) expect(!parsed.ok && parsed.message).toContain(name);
  });

  it('has a name and a summary of its own', () => {
    for (const of of ['name', 'summary'] as const) {
      expect(new Set(ACTIONS.map((action) => action[of])).size).toBe(ACTIONS.length);
    }
  });
});
