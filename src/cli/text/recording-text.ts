import type { RecordingView } from '../../api/record-schemas.ts';
import { duration } from './attendance-text.ts';
import { time } from './conference-text.ts';
import { tableOf } from './table.ts';

const MOST_OF_FILE = 60;

/** The files of recordings, the newest first. */
export function recordingTable(recordings: readonly RecordingView[], widthColumns: number): string {
  return tableOf(
    recordings,
    [
      // Whole, since `get` and `remove` want it.
      ['FILE', ({ file }) => file, { readable: MOST_OF_FILE }],
      ['NODE', ({ node }) => node ?? '-', { isShown: recordings.some(({ node }) => node !== null) }],
      ['CONFERENCE', ({ conference }) => conference ?? '-', { spare: 2 }],
      ['ENDED', ({ endedAt }) => (endedAt === null ? 'going on' : time(endedAt)), { spare: 4 }],
      ['TIME', ({ seconds }) => duration(seconds), { spare: 3 }],
      ['MB', ({ bytes }) => (bytes / 1e6).toFixed(1), { spare: 1 }],
    ],
    widthColumns,
  );
}
