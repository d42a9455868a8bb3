import type { Command } from '../model/commands.ts';
import { parseMemberWords } from './parse-member-command.ts';
import { playbackOf } from './playback-words.ts';
import {
  CommandWordsError,
  changesOf,
  fail,
  nothingMore,
  oneOf,
  RECORDING_NAME,
  TARGETS,
  type WordsContext,
} from './words.ts';

export type ParsedCommandWords = { ok: true; command: Command } | { ok: false; message: string };

/**
 * Commands as an operator types them and as the key action `api:` has them, the conference left out:
 *
 *     term | lock | unlock | unmute-all
 *     mute-all [--non-admins]
 *     kick all|non-admins|last
 *     flags all|non-admins|last ±FLAG...
 *     hands next|back|lower
 *     count
 *     playback MEDIA... [--volume N] [--member WHO]
 *     playback stop|pause|resume|forward|back|restart
 *     playback volume N
 *     playback seek POSITION
 *     music on|off
 *     record start [NAME]
 *     record stop|pause|resume
 *     member WHO ...                                  see `parse-member-command.ts`
 *
 * WHO is a member's number, that with a node (`7@lyon`) for one who has called another node, or `me`. A word that is also
 * an operation is that operation: a sound called `stop` is `sound:stop`.
 * @param context.memberId the member who pressed a key: `me` stands for this one
 * @returns the command, or what is wrong in one line
 */
export function parseCommandWords(words: readonly string[], context: WordsContext): ParsedCommandWords {
  const [verb = '', ...rest] = words;
  if (!isVerb(verb)) {
    return { ok: false, message: `no command ${JSON.stringify(verb)}; there are ${COMMAND_VERBS.join(', ')}` };
  }
  try {
    return { ok: true, command: parsers[verb](rest, context) };
  } catch (error) {
    if (error instanceof CommandWordsError) return { ok: false, message: error.message };
    throw error;
  }
}

/**
 * Splits a line into words at blanks. A word with blanks in it stands in quotes: `playback "tts:good morning"`.
 * @returns null if a quote is not closed
 */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  let rest = line.trim();
  while (rest !== '') {
    const [all, double, single, plain] = /^(?:"([^"]*)"|'([^']*)'|([^\s"']\S*))(?:\s+|$)/.exec(rest) ?? [];
    if (all === undefined) return null;
    words.push(double ?? single ?? plain ?? '');
    rest = rest.slice(all.length);
  }
  return words;
}

const parsers = {
  term: (words) => nothingMore('term', words, { type: 'terminate' }),
  lock: (words) => nothingMore('lock', words, { type: 'lock', locked: true }),
  unlock: (words) => nothingMore('unlock', words, { type: 'lock', locked: false }),
  'mute-all': parseMuteAll,
  'unmute-all': (words) => nothingMore('unmute-all', words, { type: 'mute-all', audience: null }),
  kick: parseKick,
  flags: parseFlagsOfMany,
  hands: parseHands,
  count: (words) => nothingMore('count', words, { type: 'announce-count' }),
  playback: parsePlayback,
  music: parseMusic,
  record: parseRecord,
  member: parseMemberWords,
} satisfies Record<string, (words: readonly string[], context: WordsContext) => Command>;

type Verb = keyof typeof parsers;

/** The first words of commands. */
export const COMMAND_VERBS = Object.keys(parsers) as readonly Verb[];

function isVerb(word: string): word is Verb {
  return Object.hasOwn(parsers, word);
}

function parseMuteAll([option, ...more]: readonly string[]): Command {
  if (option === undefined) return { type: 'mute-all', audience: 'all' };
  if (option !== '--non-admins') fail(`"${option}": mute-all takes --non-admins or nothing`);
  return nothingMore('mute-all', more, { type: 'mute-all', audience: 'non-admins' });
}

function parseKick([word, ...more]: readonly string[]): Command {
  const target = oneOf('kick', word, TARGETS);
  return nothingMore('kick', more, target === 'last' ? { type: 'kick-last' } : { type: 'kick-all', audience: target });
}

function parseFlagsOfMany([whose, ...words]: readonly string[]): Command {
  const target = oneOf('flags', whose, TARGETS);
  const changes = changesOf(words, '+mute -speaker');
  return target === 'last'
    ? { type: 'set-flags-of-last', changes }
    : { type: 'set-flags-of-all', audience: target, changes };
}

/** The operations on hands, and the commands that they are. */
export const HANDS = { next: 'next-hand', back: 'take-floor-back', lower: 'lower-hands' } as const;

function parseHands([what, ...more]: readonly string[]): Command {
  const operation = oneOf('hands', what, Object.keys(HANDS) as (keyof typeof HANDS)[]);
  return nothingMore('hands', more, { type: HANDS[operation] });
}

function parsePlayback(words: readonly string[], context: WordsContext): Command {
  const at = words.indexOf('--member');
  if (at >= 0) {
    const member = words[at + 1];
    if (member === undefined) return fail('playback: --member needs a number');
    return parseMemberWords([member, 'playback', ...words.toSpliced(at, 2)], context);
  }
  const asked = playbackOf(words);
  return 'operation' in asked ? { type: 'control-playback', ...asked } : { type: 'play', volume: 0, ...asked };
}

function parseMusic([what, ...more]: readonly string[]): Command {
  return nothingMore('music', more, { type: 'music', on: oneOf('music', what, ['on', 'off']) === 'on' });
}

function parseRecord([what, ...more]: readonly string[]): Command {
  const operation = oneOf('record', what, ['start', 'stop', 'pause', 'resume']);
  switch (operation) {
    case 'start': {
      const [name = null, ...rest] = more;
      if (name !== null && !RECORDING_NAME.test(name)) {
        fail(`"${name}" is not a name for a recording: use letters, digits, "_", "-", "." and "/"`);
      }
      return nothingMore('record start', rest, { type: 'record', name });
    }
    case 'stop':
      return nothingMore('record stop', more, { type: 'stop-recording' });
    case 'pause':
    case 'resume':
      return nothingMore(`record ${operation}`, more, { type: 'pause-recording', paused: operation === 'pause' });
  }
}
