import type { Action } from '../action.ts';

export const voice: Action = {
  name: 'voice',
  summary: 'Take the floor, or go back to the audience',
  commands: ({ member }) => [{ type: 'set-flags', memberId: member.id, changes: { speaker: !member.flags.speaker } }],
};
