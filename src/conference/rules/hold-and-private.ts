import type { Member, Place } from '../model/member.ts';
import { endHelp } from './help.ts';
import { endPrivateTalk, farewell, released } from './leaving.ts';
import { stopPlaybackTo } from './member-playback.ts';
import type { Transition } from './transition.ts';

/** Members who leave the floor for a while, or for another conference. */

export function hold(transition: Transition, member: Member, held: boolean): void {
  if ((member.place.at === 'hold') === held) return;
  if (held && member.place.at !== 'floor' && member.place.at !== 'private') {
    return transition.refuseAsImpossible(`member ${member.id} is not on the floor`);
  }
  move(transition, member, held ? { at: 'hold' } : { at: 'floor' });
  endPrivateTalk(transition, member);
  if (held) transition.prompt(member, ['hold']);
}

/** The phone has put the call on hold, or has taken it back: that changes only whether the others hear it. */
export function phoneHeld(transition: Transition, { channelId, id, phoneHold }: Member, held: boolean): void {
  if (phoneHold === held) return;
  transition.patch(channelId, { phoneHold: held });
  transition.publish({ type: 'phone-hold', memberId: id, held });
}

/** Both must be on the floor, or held. */
export function talkPrivately(transition: Transition, member: Member, withMemberId: number): void {
  const other = transition.conference.members.byId(withMemberId);
  if (!other) return transition.refuse({ code: 'no-such-member', memberId: withMemberId });
  if (other.channelId === member.channelId) {
    return transition.refuseAsImpossible(`member ${member.id} cannot have a private talk alone`);
  }
  for (const each of [member, other]) {
    if (each.place.at !== 'floor' && each.place.at !== 'hold') {
      return transition.refuseAsImpossible(`member ${each.id} is not on the floor`);
    }
  }
  for (const each of [member, other]) endHelp(transition, each);
  const room = Math.min(member.id, other.id);
  for (const each of [member, other]) move(transition, each, { at: 'private', room });
  for (const each of [member, other]) transition.prompt(each, ['private']);
}

export function endPrivate(transition: Transition, member: Member): void {
  if (member.place.at !== 'private') {
    return transition.refuseAsImpossible(`member ${member.id} is in no private talk`);
  }
  move(transition, member, { at: 'floor' });
  transition.prompt(member, ['private-ended']);
  endPrivateTalk(transition, member);
}

/** The member is gone here, and the channel joins the other conference with the member's flags. */
export function transfer(transition: Transition, member: Member, conference: string, profileName: string | null): void {
  if (conference === transition.conference.name) {
    return transition.refuseAsImpossible(`member ${member.id} is in ${conference} already`);
  }
  if (member.place.at === 'away') {
    return transition.refuseAsImpossible(`member ${member.id} is in an application of the dialplan`);
  }
  const { channelId, id: memberId, caller, flags, path, phoneHold, ownMute } = member;
  stopPlaybackTo(transition, member);
  transition.remove(channelId);
  transition.publish({ type: 'transferred', memberId, conference });
  farewell(transition, member);
  const profile = profileName ?? transition.conference.settings.profileName;
  const call = { channelId, caller, flags, path, phoneHold, ownMute };
  transition.do({ type: 'hand-over', conference, profileName: profile, ...call });
}

export function execute(transition: Transition, member: Member, application: string, data: string): void {
  const { profileName, profile } = transition.conference.settings;
  // To Asterisk, the case of letters makes no difference.
  if (!profile.applications.some((allowed) => allowed.toLowerCase() === application.toLowerCase())) {
    return transition.refuseAsImpossible(
      `profile ${profileName} does not allow the application ${application}; see its setting "applications"`,
    );
  }
  if (member.place.at !== 'floor') {
    return transition.refuseAsImpossible(`member ${member.id} is not on the floor`);
  }
  move(transition, member, { at: 'away' });
  transition.do({ type: 'execute', channelId: member.channelId, application, data });
}

/** The dialplan has given the channel back. */
export function returned(transition: Transition, member: Member): void {
  if (member.place.at === 'leaving') {
    const { away, ...place } = member.place;
    transition.patch(member.channelId, { place });
    return released(transition, member);
  }
  if (member.place.at !== 'away') return;
  transition.assumed.set(member.channelId, 'unknown');
  move(transition, member, { at: 'floor' });
}

function move(transition: Transition, { channelId, id }: Member, place: Place): void {
  transition.patch(channelId, { place });
  transition.publish({ type: 'moved', memberId: id, place: place.at });
}
