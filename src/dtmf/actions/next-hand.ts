import type { Action } from '../action.ts';

export const nextHand: Action = {
  name: 'next-hand',
  summary: 'Give the floor to whoever raised his hand first',
  commands: () => [{ type: 'next-hand' }],
};
