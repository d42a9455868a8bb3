import type { Action } from '../action.ts';

export const hand: Action = {
  name: 'hand',
  summary: 'Raise the hand to be given the floor, or lower it',
  commands: ({ member }) => [{ type: 'raise-hand', memberId: member.id, raised: member.handRaisedAtMs === null }],
};
