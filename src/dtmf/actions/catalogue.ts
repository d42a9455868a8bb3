import { didYouMeanOneOf } from '../../base/nearest.ts';
import { parseCommandWords, splitWords } from '../../conference/command-line/parse-command.ts';
import {
  APPLICATION_DATA,
  APPLICATION_DATA_RULE,
  APPLICATION_NAME,
  INVITE_TARGET,
  WEBHOOK_URL,
} from '../../conference/command-line/words.ts';
import type { Command } from '../../conference/model/commands.ts';
import type { DtmfAction } from '../../conference/model/conference.ts';
import { CONFERENCE_NAME } from '../../conference/model/join-arguments.ts';
import { type Action, level, ofMedia, plain, withArgument, withText } from './action.ts';

const MEDIA = 'MEDIA, or stop';
const CONFIRM = 'confirm';

/** Every action that a controls profile may put on a key. */
export const ACTIONS: readonly Action[] = [
  plain('hangup', 'Leave the conference and end the call', ({ id }) => [{ type: 'hang-up', memberId: id }]),
  plain('mute', 'Stop being heard, or be heard again', ({ id, flags }) => [
    { type: 'set-flags', memberId: id, changes: { mute: !flags.mute } },
  ]),
  plain('deaf', 'Stop hearing the conference, or hear it again', ({ id, flags }) => [
    { type: 'set-flags', memberId: id, changes: { deaf: !flags.deaf } },
  ]),
  plain('deaf-mute', 'Stop hearing and being heard, or come back to both', ({ id, flags }) => {
    // A member who is only muted or only deaf becomes both first.
    const withdraw = !(flags.deaf && flags.mute);
    return [{ type: 'set-flags', memberId: id, changes: { deaf: withdraw, mute: withdraw } }];
  }),
  plain('admin', "Become a moderator by dialling the moderators' PIN", ({ id }) => [
    { type: 'ask-admin-pin', memberId: id },
  ]),
  plain('voice', 'Take the floor, or go back to the audience', ({ id, flags }) => [
    { type: 'set-flags', memberId: id, changes: { speaker: !flags.speaker } },
  ]),
  plain('hand', 'Raise the hand to be given the floor, or lower it', ({ id, handRaisedAtMs }) => [
    { type: 'raise-hand', memberId: id, raised: handRaisedAtMs === null },
  ]),
  plain('help', 'Ask the moderators for help, or take that back', ({ id, helpAskedAtMs }) => [
    { type: 'ask-help', memberId: id, asked: helpAskedAtMs === null },
  ]),
  plain('next-hand', 'Give the floor to the member whose hand was raised first', () => [{ type: 'next-hand' }]),
  plain('floor-back', 'Take the floor back from the member who got it last', () => [{ type: 'take-floor-back' }]),
  level('vol-talk', 'talkVolume', 'Be heard louder or softer, in steps of 3 dB', {
    more: 'Be heard louder',
    less: 'Be heard more softly',
    usual: 'Be heard as loud as usual',
  }),
  level('vol-listen', 'listenVolume', 'Hear louder or softer, in steps of 3 dB', {
    more: 'Hear the others louder',
    less: 'Hear the others more softly',
    usual: 'Hear the others as loud as usual',
  }),
  level('vad-level', 'vadLevel', 'Change the loudness from which one counts as talking', {
    more: 'Only louder speech counts as talking',
    less: 'Softer speech counts as talking too',
    usual: 'Speech counts as talking as usual',
  }),
  level('agc-level', 'agcLevel', 'Change the loudness to which the voice is brought', {
    more: 'Have the voice made louder',
    less: 'Have the voice made softer',
    usual: 'Have the voice made as loud as usual',
  }),
  plain('count', 'Hear how many members there are', ({ id }) => [{ type: 'prompt-count', memberId: id }]),
  plain('count-all', 'Tell everybody how many members there are', () => [{ type: 'announce-count' }]),
  plain('menu', 'Hear what the keys do', ({ id }) => [{ type: 'prompt-keys', memberId: id }]),
  withArgument(
    'playback',
    'Play something to the member who pressed the key, or stop it',
    MEDIA,
    (media) =>
      media === 'stop'
        ? ({ id }) => [{ type: 'stop-playing-to-member', memberId: id }]
        : ofMedia(media, ({ id }) => [{ type: 'play-to-member', memberId: id, media: [media] }]),
    (media) => (media === 'stop' ? 'Stop what is being played to you' : 'Hear an announcement'),
  ),
  withArgument(
    'playback-all',
    'Play something to the conference, or stop what is being played',
    MEDIA,
    (media) =>
      media === 'stop'
        ? () => [{ type: 'control-playback', operation: { type: 'stop' } }]
        : ofMedia(media, () => [{ type: 'play', media: [media], volume: 0 }]),
    (media) => (media === 'stop' ? 'Stop what is being played to everybody' : 'Play an announcement to everybody'),
  ),
  plain('mute-all', 'Mute everybody but moderators, those who join later too; or lift it', (_, { mutedAll }) => [
    { type: 'mute-all', audience: mutedAll === null ? 'non-admins' : null },
  ]),
  plain('lock', 'Let nobody else in but moderators, or everybody again', (_, { locked }) => [
    { type: 'lock', locked: !locked },
  ]),
  plain('kick-last', 'Remove the member who joined last, moderators excepted', () => [{ type: 'kick-last' }]),
  plain('record', 'Start recording the conference, or stop it', (_, { recording }) => [
    recording ? { type: 'stop-recording' } : { type: 'record', name: null },
  ]),
  plain('hold', 'Leave the floor and hear music, or come back', ({ id, place }) => [
    { type: 'hold', memberId: id, held: place.at !== 'hold' },
  ]),
  plain(
    'private',
    'Talk privately with the first member who asks for help, or else with the first raised hand; or end it',
    (member, { members }) => {
      if (member.place.at === 'private') return [{ type: 'end-private', memberId: member.id }];
      const others = members.remove(member.channelId);
      const first = others.firstHelp ?? others.firstHand;
      // Where there is nobody the member is named twice. That is refused, and the member hears so.
      return [{ type: 'talk-privately', memberId: member.id, withMemberId: first?.id ?? member.id }];
    },
  ),
  withText(
    'transfer',
    'Move to another conference',
    { argument: 'CONFERENCE', pattern: CONFERENCE_NAME, mistake: 'to which conference?' },
    (conference, { id }) => [{ type: 'transfer', memberId: id, conference, profileName: null }],
  ),
  withText(
    'invite',
    'Call a phone into the conference',
    { argument: 'NUMBER or endpoint', pattern: INVITE_TARGET, mistake: 'which number or endpoint?' },
    (target, { id }) => [{ type: 'invite', memberId: id, target }],
  ),
  plain('moh', 'Play music to everybody, under what is said, or stop it', (_, { musicOn }) => [
    { type: 'music', on: !musicOn },
  ]),
  withText(
    'webhook',
    'Tell a web server: POST with the conference and the member as JSON',
    { argument: 'URL', pattern: WEBHOOK_URL, mistake: 'expected a URL with http or https' },
    (url, { id }) => [{ type: 'call-webhook', memberId: id, url }],
  ),
  withArgument(
    'exec',
    'Run a dialplan application on the call, then come back',
    'APPLICATION ARGUMENTS',
    (argument) => {
      const [application = '', ...words] = argument.split(' ');
      if (!APPLICATION_NAME.test(application)) return { mistake: 'which dialplan application?' };
      const data = words.join(' ');
      if (!APPLICATION_DATA.test(data)) return { mistake: `arguments have ${APPLICATION_DATA_RULE}` };
      return ({ id }) => [{ type: 'execute', memberId: id, application, data }];
    },
  ),
  withArgument(
    'api',
    'Run a command, as on the command line but about this conference; "me" is the member who pressed the key',
    'COMMAND ARGUMENTS',
    (argument) => {
      const words = splitWords(argument);
      if (!words) return { mistake: 'a quote is not closed' };
      const parsed = parseCommandWords(words, { memberId: ME });
      return parsed.ok ? ({ id }) => [withMe(parsed.command, id)] : { mistake: parsed.message };
    },
  ),
  plain('term', 'End the conference', () => [{ type: 'terminate' }]),
  confirming(),
  plain('none', 'Nothing; takes a key from a profile that this one extends', () => []),
];

export type ParsedAction = { ok: true; name: string; action: DtmfAction } | { ok: false; message: string };

/** Parses an action as a controls profile has it: `mute`, or `playback:welcome` where it takes an argument. */
export function parseAction(text: string): ParsedAction {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const argument = colon < 0 ? '' : text.slice(colon + 1).trim();
  const action = ACTIONS.find((each) => each.name === name);
  if (!action) {
    const names = ACTIONS.map((each) => each.name);
    return { ok: false, message: `no action "${name}"${didYouMeanOneOf(name, names)}` };
  }
  if (action.argument === null && argument !== '') return { ok: false, message: `${name} takes nothing after it` };
  const commandsOf = action.parse(argument);
  if ('mistake' in commandsOf) return { ok: false, message: `${name}: ${commandsOf.mistake}` };
  const summary = action.words?.(argument) ?? action.summary;
  return { ok: true, name, action: { summary, asks: name === CONFIRM, commandsOf } };
}

/** Another action, before which the member is asked. */
function confirming(): Action {
  return withArgument(
    CONFIRM,
    'Ask before doing what follows; the member confirms it with the key 1',
    'ACTION',
    (text) => {
      const parsed = parseAction(text);
      return parsed.ok ? parsed.action.commandsOf : { mistake: parsed.message };
    },
    (text) => {
      const parsed = parseAction(text);
      return parsed.ok ? parsed.action.summary : '';
    },
  );
}

/** Stands for the member who will press the key: numbers of members begin with 1. */
const ME = 0;

function withMe(command: Command, id: number): Command {
  if (!('memberId' in command)) return command;
  const own = command.memberId === ME ? { ...command, memberId: id } : command;
  return own.type === 'talk-privately' && own.withMemberId === ME ? { ...own, withMemberId: id } : own;
}
