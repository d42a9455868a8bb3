import { type COMMAND_VERBS, HANDS } from '../../conference/command-line/parse-command.ts';
import { MEMBER_ACTIONS, SETTINGS } from '../../conference/command-line/parse-member-command.ts';
import { PLAYBACK_OPERATIONS } from '../../conference/command-line/playback-words.ts';
import { TARGETS } from '../../conference/command-line/words.ts';
import { FLAGS } from '../../conference/model/flags.ts';
import { PROFILE_KEYS } from '../../profiles/profile-keys.ts';
import { SHOW_WORDS } from '../options/show-words.ts';
import { COMPLETION_SCRIPTS } from './scripts.ts';

/** The kinds of words at a place of a command line, besides options. */
export type Expected = {
  readonly words?: readonly string[];
  readonly conferences?: boolean;
  /** Conferences of which there are reports, those that are going on as well. */
  readonly held?: boolean;
  /** Files of recordings. */
  readonly recordings?: boolean;
  /** Conferences of the table. */
  readonly listed?: boolean;
  /** Settings of a conference of the table. */
  readonly settings?: boolean;
  /** Members of this conference. */
  readonly membersOf?: string;
};

const NOTHING: Expected = {};
const FLAG_WORDS = FLAGS.flatMap((flag) => [`+${flag}`, `-${flag}`]);
const VOLUMES = ['-4', '-3', '-2', '-1', '0', '1', '2', '3', '4'];

/** Of profiles, as `profile set` takes them. */
const KEYS = [...PROFILE_KEYS.conference, ...PROFILE_KEYS.controls].map(({ path }) => path.join('.'));

type Nested = 'profile set' | `recordings ${'get' | 'remove'}` | `conference ${'show' | 'set' | 'remove'}`;
type Verb = (typeof COMMAND_VERBS)[number] | 'show' | 'node' | 'completion' | Nested;

/** By command, with those above it, what comes after the words that are given already. */
const AFTER: { readonly [verb in Verb]?: (given: readonly string[]) => Expected } = {
  show: ([first, second]) => {
    if (first === undefined) return { conferences: true, words: [...SHOW_WORDS, 'nodes'] };
    return { conferences: second === undefined && SHOW_WORDS.some((word) => word === first) };
  },
  node: (given) => wordsAt(given, 0, ['flush']),
  kick: (given) => wordsAt(given, 1, TARGETS),
  flags: (given) => (given.length > 1 ? { words: FLAG_WORDS } : wordsAt(given, 1, TARGETS)),
  hands: (given) => wordsAt(given, 1, Object.keys(HANDS)),
  music: (given) => wordsAt(given, 1, ['on', 'off']),
  record: (given) => wordsAt(given, 1, ['start', 'stop', 'pause', 'resume']),
  playback: ([, ...words]) => afterPlayback(words),
  member: ([conference = '', id, action, ...words]) => {
    if (id === undefined) return { membersOf: conference };
    return action === undefined ? { words: ['status', ...MEMBER_ACTIONS] } : afterAction(conference, action, words);
  },
  'profile set': (given) => wordsAt(given, 1, KEYS),
  completion: (given) => wordsAt(given, 0, Object.keys(COMPLETION_SCRIPTS)),
  'recordings get': ({ length }) => ({ recordings: length === 0 }),
  'recordings remove': () => ({ recordings: true }),
  'conference show': ({ length }) => ({ listed: length === 0 }),
  'conference remove': ({ length }) => ({ listed: length === 0 }),
  'conference set': ({ length }) => ({ listed: length === 0, settings: length === 1 }),
};

/**
 * The words that may come next.
 * @param args names of the command's arguments, for commands of which nothing else is known
 */
export function expectedAfter(verb: string, given: readonly string[], args: readonly string[]): Expected {
  const known = Object.hasOwn(AFTER, verb) ? AFTER[verb as Verb] : undefined;
  const place = args[given.length];
  if (verb === 'report') return { held: given.length === 0 };
  if (place === 'conference' && verb !== 'show') return { conferences: true };
  if (known) return known(given);
  return place === 'member' ? { membersOf: given[0] ?? '' } : NOTHING;
}

/** The value of an option that takes one. */
export function expectedValue(names: readonly string[], given: readonly string[]): Expected {
  if (names.includes('--volume')) return { words: VOLUMES };
  return names.includes('--member') ? { membersOf: given[0] ?? '' } : NOTHING;
}

function afterAction(conference: string, action: string, words: readonly string[]): Expected {
  switch (action) {
    case 'flags':
      return { words: FLAG_WORDS };
    case 'private':
      return words.length === 0 ? { membersOf: conference } : NOTHING;
    case 'transfer':
      return { conferences: words.length === 0 };
    case 'hand':
      return wordsAt(words, 0, ['raise', 'lower', 'call']);
    case 'help':
      return wordsAt(words, 0, ['ask', 'clear']);
    case 'set':
      return words.length === 0 ? { words: Object.keys(SETTINGS) } : wordsAt(words, 1, ['+1', '-1', '0']);
    case 'playback':
      return afterPlayback(words);
    default:
      return NOTHING;
  }
}

function afterPlayback(words: readonly string[]): Expected {
  return words[0] === 'volume' ? wordsAt(words, 1, VOLUMES) : wordsAt(words, 0, PLAYBACK_OPERATIONS);
}

function wordsAt(given: readonly string[], place: number, words: readonly string[]): Expected {
  return given.length === place ? { words } : NOTHING;
}
