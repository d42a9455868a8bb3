import type { Action } from '../action.ts';

export const muteAll: Action = {
  name: 'mute-all',
  summary: 'Mute everybody but moderators, those who join later too; or lift it',
  commands: ({ conference }) => [{ type: 'mute-all', audience: conference.mutedAll === null ? 'non-admins' : null }],
};
