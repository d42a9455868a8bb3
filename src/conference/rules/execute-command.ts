import type { Command, ConferenceCommand, ExternalCommand, MemberCommand } from '../model/commands.ts';
import { findMember } from '../model/conference.ts';
import { isAdmitted, type Member } from '../model/member.ts';
import { askForPin } from './admission.ts';
import { broadcast, forward, share } from './cluster-out.ts';
import { terminate } from './ending.ts';
import {
  adjust,
  callOn,
  lowerHands,
  muteAll,
  nextHand,
  raiseHand,
  setFlags,
  setFlagsOfAll,
} from './flags-and-hands.ts';
import { endPrivate, execute, hold, talkPrivately, transfer } from './hold-and-private.ts';
import { kickAll, leave } from './leaving.ts';
import { announceCount, announceKeys, controlPlayback, music, play, playToMember } from './playback.ts';
import { pauseRecording, record, stopRecording } from './recording.ts';
import type { Transition } from './transition.ts';

/** Executes a command, or refuses it and changes nothing. */
export function executeCommand(transition: Transition, command: Command): void {
  if (!('memberId' in command)) return executeForAll(transition, command);
  const { remote } = transition.conference;
  if (remote && command.node !== undefined && command.node !== remote.node && command.type !== 'tell-failure') {
    return forward(transition, command.node, command);
  }
  const member = remote || command.node === undefined ? findMember(transition.conference, command.memberId) : undefined;
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
  switch (command.type) {
    case 'set-flags':
      return setFlags(transition, member, command.changes);
    case 'kick':
      return leave(transition, member, 'KICKED', 'kicked');
    case 'hang-up':
      return leave(transition, member, 'HANGUP', 'bye');
    case 'adjust':
      return adjust(transition, member, command.setting, command.adjustment);
    case 'raise-hand':
      return raiseHand(transition, member, command.raised);
    case 'call-on':
      return callOn(transition, member);
    case 'hold':
      return hold(transition, member, command.held);
    case 'talk-privately':
      return talkPrivately(transition, member, command.withMemberId);
    case 'end-private':
      return endPrivate(transition, member);
    case 'transfer':
      return transfer(transition, member, command.conference, command.profileName);
    case 'ask-admin-pin':
      return askForAdminPin(transition, member);
    case 'play-to-member':
      return playToMember(transition, member, command.media);
    case 'stop-playing-to-member':
      return transition.do({ type: 'hush', channelId: member.channelId });
    case 'tell-failure':
      return transition.prompt(member, [command.prompt]);
    case 'tell-count':
      return announceCount(transition, member);
    case 'tell-keys':
      return announceKeys(transition, member);
    case 'call-webhook':
      return callWebhook(transition, member, command.url);
    case 'invite':
      return transition.do({ type: 'invite', target: command.target, invitedBy: member.id });
    case 'execute':
      return execute(transition, member, command.application, command.data);
    default:
      return command satisfies never;
  }
}

function executeForAll(transition: Transition, command: ConferenceCommand): void {
  switch (command.type) {
    case 'lock':
      return lock(transition, command.locked);
    case 'mute-all':
      return muteAll(transition, command.audience);
    case 'set-flags-of-all':
      broadcast(transition, command);
      return setFlagsOfAll(transition, command.audience, command.changes);
    case 'set-flags-of-last':
      return ofLast(transition, (memberId) => ({ type: 'set-flags', memberId, changes: command.changes }));
    case 'kick-last':
      return ofLast(transition, (memberId) => ({ type: 'kick', memberId }));
    case 'kick-all':
      broadcast(transition, command);
      return kickAll(transition, command.audience);
    case 'next-hand':
      return nextHand(transition);
    case 'lower-hands':
      broadcast(transition, command);
      return lowerHands(transition);
    case 'play':
      return play(transition, command.media, command.volume);
    case 'control-playback':
      return controlPlayback(transition, command.operation);
    case 'music':
      return music(transition, command.on);
    case 'record':
      return record(transition, command.name);
    case 'stop-recording':
      return stopRecording(transition);
    case 'pause-recording':
      return pauseRecording(transition, command.paused);
    case 'terminate':
      return terminate(transition, 'ENDED');
    default:
      return command satisfies never;
  }
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
    return forward(transition, elsewhere.node, command(elsewhere.memberId));
  }
  if (last) executeFor(transition, last, command(last.id));
  else transition.refuse({ code: 'not-possible', message: 'nobody but moderators is here' });
}

function askForAdminPin(transition: Transition, member: Member): void {
  const { adminPin, tries } = transition.conference.settings.profile.access;
  if (member.flags.admin) return;
  if (adminPin) askForPin(transition, member, tries);
  else transition.refuse({ code: 'not-possible', message: 'the profile has no PIN for moderators' });
}

function callWebhook(transition: Transition, { id, caller, flags }: Member, url: string): void {
  const body = { conference: transition.conference.name, member: { id, caller, flags } };
  transition.do({ type: 'call-webhook', url, body });
}
