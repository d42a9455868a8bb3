import type { PlaybackOperation } from './commands.ts';

/** Something that is played to the whole conference, or to one member. */
export type Playback = {
  readonly id: string;
  /** The texts by which it was started. */
  readonly media: readonly string[];
  readonly paused: boolean;
  /** Steps of 3 dB. */
  readonly volume: number;
};

/** What Asterisk does with a playback. It cannot move one to a position: another one begins there. */
export type PlaybackControl = Exclude<PlaybackOperation, { type: 'seek' }>;
