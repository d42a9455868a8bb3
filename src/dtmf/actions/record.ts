import type { Action } from '../action.ts';

export const record: Action = {
  name: 'record',
  summary: 'Start recording the conference, or stop it',
  commands: ({ conference }) => [conference.recording ? { type: 'stop-recording' } : { type: 'record', name: null }],
};
