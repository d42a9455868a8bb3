import type { Action } from '../action.ts';

export const mute: Action = {
  name: 'mute',
  summary: 'Stop being heard, or be heard again',
  commands: ({ member }) => [{ type: 'set-flags', memberId: member.id, changes: { mute: !member.flags.mute } }],
};
