import type { Action } from '../action.ts';

export const deaf: Action = {
  name: 'deaf',
  summary: 'Stop hearing the conference, or hear it again',
  commands: ({ member }) => [{ type: 'set-flags', memberId: member.id, changes: { deaf: !member.flags.deaf } }],
};
