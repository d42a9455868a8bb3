import type { AriPlaybackOperation } from '../../ari/port.ts';
import type { PlaybackControl } from '../../conference/model/playback.ts';

/** Operations on a playback, by the names that ARI has for them. */
export const ARI_OPERATIONS: {
  readonly [Type in Exclude<PlaybackControl['type'], 'stop' | 'volume'>]: AriPlaybackOperation;
} = { pause: 'pause', resume: 'unpause', forward: 'forward', back: 'reverse', restart: 'restart' };
