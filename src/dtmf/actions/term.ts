import type { Action } from '../action.ts';

export const term: Action = {
  name: 'term',
  summary: 'End the conference',
  commands: () => [{ type: 'terminate' }],
};
