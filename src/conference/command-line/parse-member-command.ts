import { didYouMeanOneOf } from '../../base/nearest.ts';
import type { Adjustable, MemberCommand } from '../model/commands.ts';
import { CONFERENCE_NAME, PROFILE_NAME } from '../model/join-arguments.ts';
import { playbackOf } from './playback-words.ts';
import {
  APPLICATION_DATA,
  APPLICATION_DATA_RULE,
  APPLICATION_NAME,
  changesOf,
  fail,
  INVITE_TARGET,
  memberAddressOf,
  nothingMore,
  oneOf,
  parseAdjustment,
  SENT_DIGITS,
  SENT_DIGITS_RULE,
  WEBHOOK_URL,
  type WordsContext,
} from './words.ts';

/** The settings that `member WHO set` changes. */
export const SETTINGS = {
  'talk-volume': 'talkVolume',
  'listen-volume': 'listenVolume',
  'vad-level': 'vadLevel',
  'vad-hold': 'vadHoldMs',
  'agc-level': 'agcLevel',
} as const satisfies Record<string, Adjustable>;

/** `node` is the node of WHO, where that is another one. */
type MemberWordsContext = WordsContext & { readonly node?: string };

const parsers = {
  kick: (memberId, words) => nothingMore('kick', words, { type: 'kick', memberId }),
  hangup: (memberId, words) => nothingMore('hangup', words, { type: 'hang-up', memberId }),
  flags: (memberId, words) => ({ type: 'set-flags', memberId, changes: changesOf(words, '+speaker -mute') }),
  hold: (memberId, words) => nothingMore('hold', words, { type: 'hold', memberId, held: true }),
  unhold: (memberId, words) => nothingMore('unhold', words, { type: 'hold', memberId, held: false }),
  private: (memberId, [other, ...more], context) => {
    const { memberId: withMemberId, node } = memberAddressOf(other, context);
    if (node !== undefined && node !== context.node) fail('private: both must have called the same node');
    return nothingMore('private', more, { type: 'talk-privately', memberId, withMemberId });
  },
  'end-private': (memberId, words) => nothingMore('end-private', words, { type: 'end-private', memberId }),
  transfer: parseTransfer,
  hand: (memberId, [what, ...more]) => {
    const operation = oneOf('hand', what, ['raise', 'lower', 'call']);
    if (operation === 'call') return nothingMore('hand', more, { type: 'call-on', memberId });
    return nothingMore('hand', more, { type: 'raise-hand', memberId, raised: operation === 'raise' });
  },
  help: (memberId, [what, ...more]) => {
    const operation = oneOf('help', what, ['ask', 'clear']);
    return nothingMore('help', more, { type: 'ask-help', memberId, asked: operation === 'ask' });
  },
  set: parseSet,
  playback: (memberId, words) => {
    const asked = playbackOf(words);
    if (!('operation' in asked)) return { type: 'play-to-member', memberId, ...asked };
    if (asked.operation.type === 'stop') return { type: 'stop-playing-to-member', memberId };
    return { type: 'control-playback-to-member', memberId, ...asked };
  },
  dtmf: (memberId, [digits = '', ...more]) => {
    if (!SENT_DIGITS.test(digits)) fail(`dtmf: which keys? ${SENT_DIGITS_RULE}`);
    return nothingMore('dtmf', more, { type: 'send-dtmf', memberId, digits });
  },
  'admin-pin': (memberId, words) => nothingMore('admin-pin', words, { type: 'ask-admin-pin', memberId }),
  count: (memberId, words) => nothingMore('count', words, { type: 'prompt-count', memberId }),
  keys: (memberId, words) => nothingMore('keys', words, { type: 'prompt-keys', memberId }),
  invite: (memberId, [target = '', ...more]) => {
    if (!INVITE_TARGET.test(target)) fail('invite: expected a number, or an endpoint of Asterisk');
    return nothingMore('invite', more, { type: 'invite', memberId, target });
  },
  webhook: (memberId, [url = '', ...more]) => {
    if (!WEBHOOK_URL.test(url)) fail('webhook: expected a URL with http or https');
    return nothingMore('webhook', more, { type: 'call-webhook', memberId, url });
  },
  exec: parseExecute,
} satisfies Record<string, (memberId: number, words: readonly string[], context: MemberWordsContext) => MemberCommand>;

type MemberAction = keyof typeof parsers;

/** The words after `member WHO`. */
export const MEMBER_ACTIONS = Object.keys(parsers) as readonly MemberAction[];

/**
 * Commands to one member, after the word `member`:
 *
 *     WHO kick | hangup | hold | unhold | end-private | admin-pin | count | keys
 *     WHO flags ±FLAG...
 *     WHO private OTHER               on the same node
 *     WHO transfer CONFERENCE [PROFILE]
 *     WHO hand raise|lower|call                                           call: gives the floor
 *     WHO help ask|clear                                                  asks the moderators for help
 *     WHO set talk-volume|listen-volume|vad-level|vad-hold|agc-level +N|-N|0   0 is the profile's value
 *     WHO dtmf DIGITS                 sends keys to the phone
 *     WHO playback ...                see `playback-words.ts`
 *     WHO invite NUMBER|ENDPOINT      calls a phone into the conference in the member's name
 *     WHO webhook URL                 tells a web server of the member
 *     WHO exec APPLICATION [ARGUMENTS]
 *
 * @throws CommandWordsError
 */
export function parseMemberWords([who, action, ...words]: readonly string[], context: WordsContext): MemberCommand {
  const { memberId, ...at } = memberAddressOf(who, context);
  const known = MEMBER_ACTIONS.find((name) => name === action);
  if (!known)
    return fail(`unknown action ${JSON.stringify(action ?? '')}${didYouMeanOneOf(action ?? '', MEMBER_ACTIONS)}`);
  return { ...parsers[known](memberId, words, { ...context, ...at }), ...at };
}

function parseTransfer(memberId: number, [to, profile, ...more]: readonly string[]): MemberCommand {
  if (to === undefined || !CONFERENCE_NAME.test(to)) fail('transfer: to which conference?');
  if (profile !== undefined && !PROFILE_NAME.test(profile)) fail(`${JSON.stringify(profile)} is not a profile name`);
  return nothingMore('transfer', more, { type: 'transfer', memberId, conference: to, profileName: profile ?? null });
}

function parseSet(memberId: number, [name, value = '', ...more]: readonly string[]): MemberCommand {
  const setting = SETTINGS[oneOf('set', name, Object.keys(SETTINGS) as (keyof typeof SETTINGS)[])];
  const adjustment = parseAdjustment(value);
  if (!adjustment) return fail(`set ${name}: by how much? +N, -N, or 0 for the value of the profile`);
  return nothingMore('set', more, { type: 'adjust', memberId, setting, adjustment });
}

function parseExecute(memberId: number, [application, ...rest]: readonly string[]): MemberCommand {
  if (application === undefined || !APPLICATION_NAME.test(application))
    return fail('exec: which dialplan application?');
  const data = rest.join(' ');
  if (!APPLICATION_DATA.test(data)) fail(`exec: arguments have ${APPLICATION_DATA_RULE}`);
  return { type: 'execute', memberId, application, data };
}
