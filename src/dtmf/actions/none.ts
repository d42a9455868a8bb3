import type { Action } from '../action.ts';

export const none: Action = {
  name: 'none',
  summary: 'Nothing; takes a key from a profile that this one extends',
  commands: () => [],
};
