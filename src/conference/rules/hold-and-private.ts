import { findMember } from '../model/conference.ts';
import type { Member, Place } from '../model/member.ts';
import { endPrivateTalk, farewell, released } from './leaving.ts';
import type { Turn } from './transition.ts';

/** Members who leave the floor for a while, or for another conference. */

export function hold(turn: Turn, member: Member, held: boolean): void {
  if ((member.place.at === 'hold') === held) return;
  if (held && member.place.at !== 'floor' && member.place.at !== 'private') {
    return turn.refuse({ code: 'not-possible', message: `member ${member.id} is not on the floor` });
  }
  move(turn, member, held ? { at: 'hold' } : { at: 'floor' });
  endPrivateTalk(turn, member);
  if (held) turn.prompt(member, ['hold']);
}

/** Both must be on the floor, or held. */
export function talkPrivately(turn: Turn, member: Member, withMemberId: number): void {
  const other = findMember(turn.conference, withMemberId);
  if (!other) return turn.refuse({ code: 'no-such-member', memberId: withMemberId });
  if (other.channelId === member.channelId) {
    return turn.refuse({ code: 'not-possible', message: `member ${member.id} cannot have a private talk alone` });
  }
  for (const each of [member, other]) {
    if (each.place.at !== 'floor' && each.place.at !== 'hold') {
      return turn.refuse({ code: 'not-possible', message: `member ${each.id} is not on the floor` });
    }
  }
  const room = Math.min(member.id, other.id);
  for (const each of [member, other]) move(turn, each, { at: 'private', room });
  for (const each of [member, other]) turn.prompt(each, ['private']);
}

export function endPrivate(turn: Turn, member: Member): void {
  if (member.place.at !== 'private') {
    return turn.refuse({ code: 'not-possible', message: `member ${member.id} is in no private talk` });
  }
  move(turn, member, { at: 'floor' });
  turn.prompt(member, ['private-ended']);
  endPrivateTalk(turn, member);
}

/** The member is gone here, and the channel joins the other conference with the member's flags. */
export function transfer(turn: Turn, member: Member, conference: string, profileName: string | null): void {
  if (conference === turn.conference.name) {
    return turn.refuse({ code: 'not-possible', message: `member ${member.id} is in ${conference} already` });
  }
  if (member.place.at === 'away') {
    return turn.refuse({ code: 'not-possible', message: `member ${member.id} is in an application of the dialplan` });
  }
  const { channelId, id: memberId, caller, flags, path } = member;
  turn.remove(channelId);
  turn.publish({ type: 'transferred', memberId, conference });
  farewell(turn, member);
  turn.do({
    type: 'hand-over',
    channelId,
    conference,
    profileName: profileName ?? turn.conference.settings.profileName,
    caller,
    flags,
    path,
  });
}

export function execute(turn: Turn, member: Member, application: string, data: string): void {
  if (member.place.at !== 'floor') {
    return turn.refuse({ code: 'not-possible', message: `member ${member.id} is not on the floor` });
  }
  move(turn, member, { at: 'away' });
  turn.do({ type: 'execute', channelId: member.channelId, application, data });
}

/** The dialplan has given the channel back. */
export function returned(turn: Turn, member: Member): void {
  if (member.place.at === 'leaving') {
    const { away, ...place } = member.place;
    turn.patch(member.channelId, { place });
    return released(turn, member);
  }
  if (member.place.at !== 'away') return;
  turn.assumed.set(member.channelId, 'unknown');
  move(turn, member, { at: 'floor' });
}

function move(turn: Turn, { channelId, id }: Member, place: Place): void {
  turn.patch(channelId, { place });
  turn.publish({ type: 'moved', memberId: id, place: place.at });
}
