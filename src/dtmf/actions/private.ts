import type { Action } from '../action.ts';

/** With whom cannot be dialled, so it is the one whose hand is up first. */
export const privateTalk: Action = {
  name: 'private',
  summary: 'Talk privately with whoever raised his hand first, or end it',
  commands: ({ member, conference }) => {
    if (member.place.at === 'private') return [{ type: 'end-private', memberId: member.id }];
    const first = conference.members.remove(member.channelId).firstHand;
    // Where nobody has raised his hand it is with himself, which is refused: he hears so.
    return [{ type: 'talk-privately', memberId: member.id, withMemberId: first?.id ?? member.id }];
  },
};
