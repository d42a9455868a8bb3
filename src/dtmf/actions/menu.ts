import type { Action } from '../action.ts';

export const menu: Action = {
  name: 'menu',
  summary: 'Hear what the keys do',
  commands: ({ member }) => [{ type: 'tell-keys', memberId: member.id }],
};
