import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMAND_VERBS, parseCommandWords, splitWords } from '../../../../src/conference/command-line/parse-command.ts';
import { MEMBER_ACTIONS } from '../../../../src/conference/command-line/parse-member-command.ts';
import type { Command } from '../../../../src/conference/model/commands.ts';
import { commandSchema } from '../../../../src/conference/schemas/command-schema.ts';

const parse = (line: string, memberId: number | null = null) => parseCommandWords(splitWords(line) ?? [], { memberId });

const MEANINGS: [string, Command][] = [
  ['term', { type: 'terminate' }],
  ['lock', { type: 'lock', locked: true }],
  ['unlock', { type: 'lock', locked: false }],
  ['mute-all', { type: 'mute-all', audience: 'all' }],
  ['mute-all --non-admins', { type: 'mute-all', audience: 'non-admins' }],
  ['unmute-all', { type: 'mute-all', audience: null }],
  ['kick all', { type: 'kick-all', audience: 'all' }],
  ['kick non-admins', { type: 'kick-all', audience: 'non-admins' }],
  ['kick last', { type: 'kick-last' }],
  ['flags all +mute -vad', { type: 'set-flags-of-all', audience: 'all', changes: { mute: true, vad: false } }],
  ['flags non-admins -agc', { type: 'set-flags-of-all', audience: 'non-admins', changes: { agc: false } }],
  ['flags last +speaker', { type: 'set-flags-of-last', changes: { speaker: true } }],
  ['hands back', { type: 'take-floor-back' }],
  ['count', { type: 'announce-count' }],
  ['hands next', { type: 'next-hand' }],
  ['hands lower', { type: 'lower-hands' }],
  ['playback beep', { type: 'play', media: ['beep'], volume: 0 }],
  ['playback beep "tts:good morning"', { type: 'play', media: ['beep', 'tts:good morning'], volume: 0 }],
  ['playback --volume -2 beep', { type: 'play', media: ['beep'], volume: -2 }],
  ['playback beep --member 7', { type: 'play-to-member', memberId: 7, media: ['beep'] }],
  ['playback beep --member 7 --volume -1', { type: 'play-to-member', memberId: 7, media: ['beep'], volume: -1 }],
  ['playback stop --member 7', { type: 'stop-playing-to-member', memberId: 7 }],
  ['playback sound:stop', { type: 'play', media: ['sound:stop'], volume: 0 }],
  ['playback stop', { type: 'control-playback', operation: { type: 'stop' } }],
  ['playback pause', { type: 'control-playback', operation: { type: 'pause' } }],
  ['playback resume', { type: 'control-playback', operation: { type: 'resume' } }],
  ['playback forward', { type: 'control-playback', operation: { type: 'forward' } }],
  ['playback back', { type: 'control-playback', operation: { type: 'back' } }],
  ['playback restart', { type: 'control-playback', operation: { type: 'restart' } }],
  ['playback volume +3', { type: 'control-playback', operation: { type: 'volume', volume: 3 } }],
  ['playback seek 90', { type: 'control-playback', operation: { type: 'seek', positionMs: 90_000 } }],
  ['playback seek 0.25', { type: 'control-playback', operation: { type: 'seek', positionMs: 250 } }],
  ['playback seek 61:05', { type: 'control-playback', operation: { type: 'seek', positionMs: 3_665_000 } }],
  ['music on', { type: 'music', on: true }],
  ['music off', { type: 'music', on: false }],
  ['record start', { type: 'record', name: null }],
  ['record start board/2024-05', { type: 'record', name: 'board/2024-05' }],
  ['record stop', { type: 'stop-recording' }],
  ['record pause', { type: 'pause-recording', paused: true }],
  ['record resume', { type: 'pause-recording', paused: false }],
  ['member 7 kick', { type: 'kick', memberId: 7 }],
  ['member 7 hangup', { type: 'hang-up', memberId: 7 }],
  ['member 7 help ask', { type: 'ask-help', memberId: 7, asked: true }],
  ['member 7 help clear', { type: 'ask-help', memberId: 7, asked: false }],
  ['member 7 flags +speaker', { type: 'set-flags', memberId: 7, changes: { speaker: true } }],
  ['member 7 hold', { type: 'hold', memberId: 7, held: true }],
  ['member 7 unhold', { type: 'hold', memberId: 7, held: false }],
  ['member 7 private 8', { type: 'talk-privately', memberId: 7, withMemberId: 8 }],
  ['member 7 end-private', { type: 'end-private', memberId: 7 }],
  ['member 7 transfer 3001', { type: 'transfer', memberId: 7, conference: '3001', profileName: null }],
  ['member 7 transfer 3001 board', { type: 'transfer', memberId: 7, conference: '3001', profileName: 'board' }],
  ['member 7 hand raise', { type: 'raise-hand', memberId: 7, raised: true }],
  ['member 7 hand call', { type: 'call-on', memberId: 7 }],
  ['member 7@lyon hand call', { type: 'call-on', memberId: 7, node: 'lyon' }],
  ['member 7@lyon flags +speaker', { type: 'set-flags', memberId: 7, node: 'lyon', changes: { speaker: true } }],
  ['member 7@lyon private 8', { type: 'talk-privately', memberId: 7, node: 'lyon', withMemberId: 8 }],
  ['member 7@lyon private 8@lyon', { type: 'talk-privately', memberId: 7, node: 'lyon', withMemberId: 8 }],
  ['playback beep --member 7@lyon', { type: 'play-to-member', memberId: 7, node: 'lyon', media: ['beep'] }],
  ['member 7 hand lower', { type: 'raise-hand', memberId: 7, raised: false }],
  ['member 7 set talk-volume +1', { type: 'adjust', memberId: 7, setting: 'talkVolume', adjustment: { by: 1 } }],
  ['member 7 set listen-volume -1', { type: 'adjust', memberId: 7, setting: 'listenVolume', adjustment: { by: -1 } }],
  ['member 7 set vad-level 0', { type: 'adjust', memberId: 7, setting: 'vadLevel', adjustment: 'profile' }],
  ['member 7 set agc-level +200', { type: 'adjust', memberId: 7, setting: 'agcLevel', adjustment: { by: 200 } }],
  ['member 7 set vad-hold -200', { type: 'adjust', memberId: 7, setting: 'vadHoldMs', adjustment: { by: -200 } }],
  ['member 7 playback beep', { type: 'play-to-member', memberId: 7, media: ['beep'] }],
  ['member 7 playback beep --volume 2', { type: 'play-to-member', memberId: 7, media: ['beep'], volume: 2 }],
  ['member 7 playback stop', { type: 'stop-playing-to-member', memberId: 7 }],
  ['member 7 playback pause', { type: 'control-playback-to-member', memberId: 7, operation: { type: 'pause' } }],
  [
    'member 7 playback volume -4',
    { type: 'control-playback-to-member', memberId: 7, operation: { type: 'volume', volume: -4 } },
  ],
  [
    'member 7 playback seek 1:30',
    { type: 'control-playback-to-member', memberId: 7, operation: { type: 'seek', positionMs: 90_000 } },
  ],
  ['member 7 invite 200', { type: 'invite', memberId: 7, target: '200' }],
  ['member 7 webhook https://example.org/x', { type: 'call-webhook', memberId: 7, url: 'https://example.org/x' }],
  ['member 7 dtmf 123#', { type: 'send-dtmf', memberId: 7, digits: '123#' }],
  ['member 7 admin-pin', { type: 'ask-admin-pin', memberId: 7 }],
  ['member 7 count', { type: 'prompt-count', memberId: 7 }],
  ['member 7 keys', { type: 'prompt-keys', memberId: 7 }],
  [
    'member 7 exec Playback hello,noanswer',
    { type: 'execute', memberId: 7, application: 'Playback', data: 'hello,noanswer' },
  ],
  ['member 7 exec Echo', { type: 'execute', memberId: 7, application: 'Echo', data: '' }],
];

describe('the words of a command', () => {
  it.each(MEANINGS)('%s', (line, command) => {
    expect(parse(line)).toEqual({ ok: true, command });
  });

  it('can ask for every command', () => {
    const every = commandSchema.options.map(({ shape }) => shape.type.value);
    expect(new Set(MEANINGS.map(([, { type }]) => type))).toEqual(new Set(every));
  });

  it('say "me" for the member who pressed the key', () => {
    expect(parse('member me private 3', 9)).toEqual({
      ok: true,
      command: { type: 'talk-privately', memberId: 9, withMemberId: 3 },
    });
    expect(parse('playback beep --member me', 9)).toMatchObject({ command: { type: 'play-to-member', memberId: 9 } });
  });

  it('cannot say "me" where nobody pressed a key', () => {
    expect(parse('member me kick')).toEqual({ ok: false, message: '"me" is not a member number' });
  });

  it.each([
    ['', 'no command ""'],
    ['dance', 'no command "dance"; there are term, lock'],
    ['constructor', 'no command "constructor"'],
    ['lock now', '"now": lock takes no more words'],
    ['mute-all everybody', 'mute-all takes --non-admins or nothing'],
    ['kick', 'kick: which? One of all, non-admins, last'],
    ['kick me', 'kick: "me" is none of all, non-admins, last'],
    ['flags all', 'flags: which?'],
    ['flags all mute', 'unknown flag "mute"'],
    ['hands up', 'hands: "up" is none of next, back, lower'],
    ['playback', 'playback: what?'],
    ['playback ../secret', 'playback: not the name of a sound'],
    ['playback stop now', '"now": playback stop takes no more words'],
    ['playback volume 5', 'a volume is -4 to 4'],
    ['playback volume', 'a volume is -4 to 4'],
    ['playback beep --volume', '--volume needs a number'],
    ['playback beep --volume 1e0', 'a volume is -4 to 4'],
    ['playback stop --volume 1', '--volume goes with what is to be played'],
    ['playback beep --member 7 --volume 9', 'a volume is -4 to 4'],
    ['playback beep --member', '--member needs a number'],
    ['playback seek', 'playback seek: where to?'],
    ['playback seek -5', 'playback seek: where to?'],
    ['playback seek 1:75', 'playback seek: where to?'],
    ['playback seek 86401', 'playback seek: where to?'],
    [`playback ${'beep '.repeat(17)}`, 'at most 16 at once'],
    ['record start ../x', 'is not a name for a recording'],
    ['record start /x', 'is not a name for a recording'],
    ['record start a/../b', 'is not a name for a recording'],
    ['music loud', 'music: "loud" is none of on, off'],
    ['member 7 invite', 'invite: expected a number'],
    ['member 7 webhook gopher://x', 'webhook: expected a URL'],
    ['record later', 'record: "later" is none of start, stop, pause, resume'],
    ['member', 'which member?'],
    ['member x kick', '"x" is not a member number'],
    ['member 0 kick', '"0" is not a member number'],
    ['member 7', 'unknown action ""'],
    ['member 7 dance', 'unknown action "dance"; there are kick, hangup, flags'],
    ['member 7 unhlod', 'unknown action "unhlod"; did you mean "unhold"?'],
    ['member 7 __proto__', 'unknown action "__proto__"'],
    ['member 7 flags', 'flags: which?'],
    ['member 7 set talk-volume 1', 'set talk-volume: by how much?'],
    ['member 7 set colour +1', 'set: "colour" is none of talk-volume'],
    ['member 7 transfer', 'transfer: to which conference?'],
    ['member 7 transfer ../x', 'transfer: to which conference?'],
    ['member 7 transfer 3001 ../x', '"../x" is not a profile name'],
    ['member 7 dtmf', 'dtmf: which keys?'],
    ['member 7 dtmf 12e', 'dtmf: which keys?'],
    [`member 7 dtmf ${'1'.repeat(21)}`, 'dtmf: which keys?'],
    ['member 7 dtmf 1 2', '"2": dtmf takes no more words'],
    ['member 7 exec', 'exec: which dialplan application?'],
    ['member 7 exec a-b', 'exec: which dialplan application?'],
    [`member 7 exec Echo \${SHELL(id)}`, 'exec: arguments have at most 1000 characters'],
  ])('that are wrong are told in one line: %s', (line, message) => {
    const parsed = parse(line);
    expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining(message) });
    expect(!parsed.ok && parsed.message).not.toContain('\n');
  });

  it('make only commands that the API takes too, whatever they are', () => {
    const word = fc.oneof(
      fc.constantFrom(...COMMAND_VERBS, ...MEMBER_ACTIONS, 'all', 'last', 'start', '+mute', 'beep', '1', '+1', 'me'),
      fc.constantFrom('--volume', '--member', 'raise', 'talk-volume', '-4', 'tts:x', 'volume', 'seek', 'a/b', 'Echo'),
      fc.string({ maxLength: 12 }),
    );
    const line = fc.tuple(fc.constantFrom(...COMMAND_VERBS), fc.array(word, { maxLength: 5 }));
    fc.assert(
      fc.property(line, ([verb, words]) => {
        const parsed = parseCommandWords([verb, ...words], { memberId: 5 });
        if (parsed.ok) expect(commandSchema.parse(parsed.command)).toEqual(parsed.command);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a line of words', () => {
  it.each([
    ['a b  c', ['a', 'b', 'c']],
    [' "a b" c ', ['a b', 'c']],
    ["'a b' \"it's\"", ['a b', "it's"]],
    ['say="x"', ['say="x"']],
    ['""', ['']],
    ['', []],
  ])('is split at blanks, except in quotes: %s', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it.each(['"a', "a 'b c", '"a"b'])('with an open quote is refused: %s', (line) => {
    expect(splitWords(line)).toBeNull();
  });
});
