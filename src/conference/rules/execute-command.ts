import type { Command, ConferenceCommand, ExternalCommand, MemberCommand } from '../model/commands.ts';
import { isAdmitted, type Member } from '../model/member.ts';
import type { Broadcast } from '../model/remote.ts';
import { askForPin } from './admission.ts';
import { applyBroadcast } from './cluster-in.ts';
import { broadcast, forward, share } from './cluster-out.ts';
import { terminate } from './ending.ts';
import { adjust, callOn, muteAll, nextHand, raiseHand, setFlags, takeFloorBack } from './flags-and-hands.ts';
import { askHelp } from './help.ts';
import { endPrivate, execute, hold, talkPrivately, transfer } from './hold-and-private.ts';
import { leave } from './leaving.ts';
import { controlPlaybackToMember, playToMember, stopPlayingToMember } from './member-playback.ts';
import { announceCount, announceKeys, controlPlayback, music, play, tellCount } from './playback.ts';
import { pauseRecording, record, stopRecording } from './recording.ts';
import type { Transition } from './transition.ts';

type MemberRule<C extends MemberCommand> = (transition: Transition, member: Member, command: C) => void;
type ConferenceRule<C extends ConferenceCommand> = (transition: Transition, command: C) => void;

/** The rule that executes each command to one member. */
const memberRules: { readonly [T in MemberCommand['type']]: MemberRule<Extract<MemberCommand, { type: T }>> } = {
  'set-flags': (transition, member, { changes }) => setFlags(transition, member, changes),
  kick: (transition, member) => leave(transition, member, 'KICKED', 'kicked'),
  'hang-up': (transition, member) => leave(transition, member, 'HANGUP', 'bye'),
  adjust: (transition, member, { setting, adjustment }) => adjust(transition, member, setting, adjustment),
  'raise-hand': (transition, member, { raised }) => raiseHand(transition, member, raised),
  'call-on': callOn,
  'ask-help': (transition, member, { asked }) => askHelp(transition, member, asked),
  hold: (transition, member, { held }) => hold(transition, member, held),
  'talk-privately': (transition, member, { withMemberId }) => talkPrivately(transition, member, withMemberId),
  'end-private': endPrivate,
  transfer: (transition, member, { conference, profileName }) => transfer(transition, member, conference, profileName),
  'ask-admin-pin': askForAdminPin,
  'send-dtmf': sendDtmf,
  'play-to-member': (transition, member, { media, volume = 0 }) => playToMember(transition, member, media, volume),
  'stop-playing-to-member': stopPlayingToMember,
  'control-playback-to-member': (transition, member, { operation }) =>
    controlPlaybackToMember(transition, member, operation),
  'prompt-failure': (transition, member, { prompt }) => transition.prompt(member, [prompt]),
  'prompt-count': tellCount,
  'prompt-keys': announceKeys,
  'call-webhook': (transition, member, { url }) => callWebhook(transition, member, url),
  invite: (transition, { id }, { target }) => transition.do({ type: 'invite', target, invitedBy: id }),
  execute: (transition, member, { application, data }) => execute(transition, member, application, data),
};

/** The rule that executes each command to the conference. */
const conferenceRules: {
  readonly [T in ConferenceCommand['type']]: ConferenceRule<Extract<ConferenceCommand, { type: T }>>;
} = {
  lock: (transition, { locked }) => lock(transition, locked),
  'mute-all': (transition, { audience }) => muteAll(transition, audience),
  'set-flags-of-all': executeOnAllNodes,
  'set-flags-of-last': (transition, { changes }) =>
    ofLast(transition, (memberId) => ({ type: 'set-flags', memberId, changes })),
  'kick-last': (transition) => ofLast(transition, (memberId) => ({ type: 'kick', memberId })),
  'kick-all': executeOnAllNodes,
  'next-hand': nextHand,
  'take-floor-back': takeFloorBack,
  'lower-hands': executeOnAllNodes,
  play: (transition, { media, volume }) => play(transition, media, volume),
  'announce-count': announceCount,
  'control-playback': (transition, { operation }) => controlPlayback(transition, operation),
  music: (transition, { on }) => music(transition, on),
  record: (transition, { name }) => record(transition, name),
  'stop-recording': stopRecording,
  'pause-recording': (transition, { paused }) => pauseRecording(transition, paused),
  terminate: (transition) => terminate(transition, 'ENDED'),
};

/** Executes a command, or refuses it and changes nothing. */
export function executeCommand(transition: Transition, command: Command): void {
  if (!('memberId' in command)) {
    return (conferenceRules[command.type] as ConferenceRule<ConferenceCommand>)(transition, command);
  }
  const { members, remote } = transition.conference;
  if (remote && command.node !== undefined && command.node !== remote.node && command.type !== 'prompt-failure') {
    return forward(transition, command.node, command);
  }
  const member = remote || command.node === undefined ? members.byId(command.memberId) : undefined;
  if (!member || !mayBeCommanded(member, command)) {
    return transition.refuse({ code: 'no-such-member', memberId: command.memberId });
  }
  executeFor(transition, member, command);
}

/** A caller who has not been admitted yet can only be sent away. */
function mayBeCommanded(member: Member, { type }: MemberCommand): boolean {
  return isAdmitted(member) || (member.place.at === 'door' && (type === 'kick' || type === 'hang-up'));
}

function executeFor(transition: Transition, member: Member, command: MemberCommand): void {
  (memberRules[command.type] as MemberRule<MemberCommand>)(transition, member, command);
}

/** Each node executes it with its own members. */
function executeOnAllNodes(transition: Transition, command: Broadcast): void {
  broadcast(transition, command);
  applyBroadcast(transition, command);
}

function lock(transition: Transition, locked: boolean): void {
  if (transition.conference.locked === locked) return;
  transition.change({ locked });
  transition.publish({ type: 'locked', locked });
  share(transition, { setting: 'locked', value: locked });
  transition.announce([locked ? 'lockednow' : 'unlockednow']);
}

function ofLast(transition: Transition, command: (memberId: number) => MemberCommand & ExternalCommand): void {
  const last = transition.conference.members.lastJoined;
  const elsewhere = transition.conference.remote?.lastJoined;
  if (elsewhere && elsewhere.atMs > (last?.joinedAtMs ?? 0)) {
    transition.meant = { memberId: elsewhere.memberId, node: elsewhere.node };
    return forward(transition, elsewhere.node, command(elsewhere.memberId));
  }
  if (!last) return transition.refuseAsImpossible('nobody but moderators is here');
  transition.meant = { memberId: last.id };
  executeFor(transition, last, command(last.id));
}

function askForAdminPin(transition: Transition, member: Member): void {
  const { adminPin, tries } = transition.profile.access;
  if (member.flags.admin) return;
  if (adminPin) askForPin(transition, member, { triesLeft: tries, required: false });
  else transition.refuseAsImpossible('the profile has no PIN for moderators');
}

function sendDtmf(transition: Transition, { id, channelId, place }: Member, { digits }: { digits: string }): void {
  if (place.at === 'away') return transition.refuseAsImpossible(`member ${id} is in an application of the dialplan`);
  transition.do({ type: 'send-dtmf', channelId, digits });
}

function callWebhook(transition: Transition, { id, caller, flags }: Member, url: string): void {
  const body = { conference: transition.conference.name, member: { id, caller, flags } };
  transition.do({ type: 'call-webhook', url, body });
}
