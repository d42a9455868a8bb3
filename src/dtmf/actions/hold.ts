import type { Action } from '../action.ts';

export const hold: Action = {
  name: 'hold',
  summary: 'Leave the floor and hear music, or come back',
  commands: ({ member }) => [{ type: 'hold', memberId: member.id, held: member.place.at !== 'hold' }],
};
