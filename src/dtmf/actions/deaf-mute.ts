import type { Action } from '../action.ts';

/** Withdraws fully, or comes back fully: a member who is only muted or only deaf becomes both first. */
export const deafMute: Action = {
  name: 'deaf-mute',
  summary: 'Stop hearing and being heard, or come back to both',
  commands: ({ member }) => {
    const withdraw = !(member.flags.deaf && member.flags.mute);
    return [{ type: 'set-flags', memberId: member.id, changes: { deaf: withdraw, mute: withdraw } }];
  },
};
