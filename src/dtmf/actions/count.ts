import type { Action } from '../action.ts';

export const count: Action = {
  name: 'count',
  summary: 'Hear how many members there are',
  commands: ({ member }) => [{ type: 'tell-count', memberId: member.id }],
};
