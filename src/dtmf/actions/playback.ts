import { parseMedia } from '../../prompts/media.ts';
import type { Action } from '../action.ts';

export const playback: Action = {
  name: 'playback',
  summary: 'Play something to the conference, or stop what is being played',
  argument: 'MEDIA, or stop',
  problem: (argument) => {
    if (argument === 'stop') return null;
    const parsed = parseMedia(argument, { allowAbsolute: true });
    return parsed.ok ? null : parsed.message;
  },
  commands: ({ argument }) =>
    argument === 'stop'
      ? [{ type: 'control-playback', operation: { type: 'stop' } }]
      : [{ type: 'play', media: [argument], volume: 0 }],
};
