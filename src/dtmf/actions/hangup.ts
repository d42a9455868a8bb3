import type { Action } from '../action.ts';

export const hangup: Action = {
  name: 'hangup',
  summary: 'Leave the conference and end the call',
  commands: ({ member }) => [{ type: 'hang-up', memberId: member.id }],
};
