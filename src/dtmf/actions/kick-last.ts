import type { Action } from '../action.ts';

export const kickLast: Action = {
  name: 'kick-last',
  summary: 'Remove the member who joined last, moderators excepted',
  commands: () => [{ type: 'kick-last' }],
};
