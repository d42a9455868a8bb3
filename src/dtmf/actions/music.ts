import type { Action } from '../action.ts';

export const music: Action = {
  name: 'moh',
  summary: 'Play music to everybody, under what is said, or stop it',
  commands: ({ conference }) => [{ type: 'music', on: !conference.musicOn }],
};
