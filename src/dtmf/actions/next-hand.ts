import type { Action } from '../action.ts';

export const nextHand: Action = {
  name: 'next-hand',
  summary: 'Give the floor to the member whose hand was raised first',
  commands: () => [{ type: 'next-hand' }],
};
