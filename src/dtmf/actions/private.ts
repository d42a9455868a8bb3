import type { Action } from '../action.ts';

/** The other member cannot be dialled, so it is the one whose hand was raised first. */
export const privateTalk: Action = {
  name: 'private',
  summary: 'Talk privately with the member whose hand was raised first, or end it',
  commands: ({ member, conference }) => {
    if (member.place.at === 'private') return [{ type: 'end-private', memberId: member.id }];
    const first = conference.members.remove(member.channelId).firstHand;
    // Where no hand is raised the member is named twice. That is refused, and the member hears so.
    return [{ type: 'talk-privately', memberId: member.id, withMemberId: first?.id ?? member.id }];
  },
};
