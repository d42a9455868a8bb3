import type { Action } from '../action.ts';

export const admin: Action = {
  name: 'admin',
  summary: "Become a moderator by dialling the moderators' PIN",
  commands: ({ member }) => [{ type: 'ask-admin-pin', memberId: member.id }],
};
