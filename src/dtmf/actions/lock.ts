import type { Action } from '../action.ts';

export const lock: Action = {
  name: 'lock',
  summary: 'Let nobody else in but moderators, or everybody again',
  commands: ({ conference }) => [{ type: 'lock', locked: !conference.locked }],
};
