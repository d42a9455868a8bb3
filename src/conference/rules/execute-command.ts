import type { Command, ConferenceCommand, MemberCommand, OuterCommand } from '../model/commands.ts';
import { findMember } from '../model/conference.ts';
import { isAdmitted, type Member } from '../model/member.ts';
import { askForPin } from './admission.ts';
import { forward, order, share } from './cluster-out.ts';
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
import { controlPlayback, music, play, playToMember, tellCount, tellKeys } from './playback.ts';
import { pauseRecording, record, stopRecording } from './recording.ts';
import { terminate } from './timers.ts';
import type { Turn } from './transition.ts';

/** Carries out a command, or refuses it and changes nothing. */
export function carryOut(turn: Turn, command: Command): void {
  if (!('memberId' in command)) return carryOutForAll(turn, command);
  const { remote } = turn.conference;
  if (remote && command.node !== undefined && command.node !== remote.node && command.type !== 'tell-failure') {
    return forward(turn, command.node, command);
  }
  const member = remote || command.node === undefined ? findMember(turn.conference, command.memberId) : undefined;
  if (!member || !mayBeCommanded(member, command)) {
    return turn.refuse({ code: 'no-such-member', memberId: command.memberId });
  }
  carryOutFor(turn, member, command);
}

/** Whoever has not been admitted yet can only be sent away. */
function mayBeCommanded(member: Member, { type }: MemberCommand): boolean {
  return isAdmitted(member) || (member.place.at === 'door' && (type === 'kick' || type === 'hang-up'));
}

function carryOutFor(turn: Turn, member: Member, command: MemberCommand): void {
  switch (command.type) {
    case 'set-flags':
      return setFlags(turn, member, command.changes);
    case 'kick':
      return leave(turn, member, 'KICKED', 'kicked');
    case 'hang-up':
      return leave(turn, member, 'HANGUP', 'bye');
    case 'adjust':
      return adjust(turn, member, command.setting, command.adjustment);
    case 'raise-hand':
      return raiseHand(turn, member, command.raised);
    case 'call-on':
      return callOn(turn, member);
    case 'hold':
      return hold(turn, member, command.held);
    case 'talk-privately':
      return talkPrivately(turn, member, command.withMemberId);
    case 'end-private':
      return endPrivate(turn, member);
    case 'transfer':
      return transfer(turn, member, command.conference, command.profileName);
    case 'ask-admin-pin':
      return askForAdminPin(turn, member);
    case 'play-to-member':
      return playToMember(turn, member, command.media);
    case 'stop-playing-to-member':
      return turn.do({ type: 'hush', channelId: member.channelId });
    case 'tell-failure':
      return turn.prompt(member, [command.prompt]);
    case 'tell-count':
      return tellCount(turn, member);
    case 'tell-keys':
      return tellKeys(turn, member);
    case 'call-webhook':
      return callWebhook(turn, member, command.url);
    case 'invite':
      return turn.do({ type: 'invite', target: command.target, invitedBy: member.id });
    case 'execute':
      return execute(turn, member, command.application, command.data);
  }
}

function carryOutForAll(turn: Turn, command: ConferenceCommand): void {
  switch (command.type) {
    case 'lock':
      return lock(turn, command.locked);
    case 'mute-all':
      return muteAll(turn, command.audience);
    case 'set-flags-of-all':
      order(turn, command);
      return setFlagsOfAll(turn, command.audience, command.changes);
    case 'set-flags-of-last':
      return ofLast(turn, (memberId) => ({ type: 'set-flags', memberId, changes: command.changes }));
    case 'kick-last':
      return ofLast(turn, (memberId) => ({ type: 'kick', memberId }));
    case 'kick-all':
      order(turn, command);
      return kickAll(turn, command.audience);
    case 'next-hand':
      return nextHand(turn);
    case 'lower-hands':
      order(turn, command);
      return lowerHands(turn);
    case 'play':
      return play(turn, command.media, command.volume);
    case 'control-playback':
      return controlPlayback(turn, command.operation);
    case 'music':
      return music(turn, command.on);
    case 'record':
      return record(turn, command.name);
    case 'stop-recording':
      return stopRecording(turn);
    case 'pause-recording':
      return pauseRecording(turn, command.paused);
    case 'terminate':
      return terminate(turn, 'ENDED');
  }
}

function lock(turn: Turn, locked: boolean): void {
  if (turn.conference.locked === locked) return;
  turn.change({ locked });
  turn.publish({ type: 'locked', locked });
  share(turn, { setting: 'locked', value: locked });
  turn.announce([locked ? 'lockednow' : 'unlockednow']);
}

function ofLast(turn: Turn, command: (memberId: number) => MemberCommand & OuterCommand): void {
  const last = turn.conference.members.lastJoined;
  const elsewhere = turn.conference.remote?.lastJoined;
  if (elsewhere && elsewhere.atMs > (last?.joinedAtMs ?? 0)) {
    return forward(turn, elsewhere.node, command(elsewhere.memberId));
  }
  if (last) carryOutFor(turn, last, command(last.id));
  else turn.refuse({ code: 'not-possible', message: 'nobody but moderators is here' });
}

function askForAdminPin(turn: Turn, member: Member): void {
  const { adminPin, tries } = turn.conference.settings.profile.access;
  if (member.flags.admin) return;
  if (adminPin) askForPin(turn, member, tries);
  else turn.refuse({ code: 'not-possible', message: 'the profile has no PIN for moderators' });
}

function callWebhook(turn: Turn, { id, caller, flags }: Member, url: string): void {
  const body = { conference: turn.conference.name, member: { id, caller, flags } };
  turn.do({ type: 'call-webhook', url, body });
}
