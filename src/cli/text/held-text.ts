import type { HeldConferenceView } from '../../api/record-schemas.ts';
import { duration } from './attendance-text.ts';
import { time } from './conference-text.ts';
import { tableOf } from './table.ts';

/** Conferences that there were, the newest first. */
export function heldTable(conferences: readonly HeldConferenceView[], widthColumns: number): string {
  return tableOf(
    conferences,
    [
      ['CONFERENCE', ({ conference }) => conference],
      [
        'NODES',
        ({ nodes }) => nodes.join(' '),
        { isShown: conferences.some(({ nodes }) => nodes.length > 0), spare: 3 },
      ],
      ['STARTED', ({ startedAt }) => time(startedAt)],
      ['ENDED', ({ endedAt }) => (endedAt === null ? 'going on' : time(endedAt)), { spare: 4 }],
      ['TIME', (held) => duration(secondsOf(held)), { spare: 5 }],
      ['MEMBERS', ({ members }) => members],
      ['TURNED AWAY', ({ turnedAway }) => turnedAway, { spare: 2 }],
    ],
    widthColumns,
  );
}

function secondsOf({ startedAt, endedAt }: HeldConferenceView): number {
  const endMs = endedAt === null ? Date.now() : Date.parse(endedAt);
  return Math.max(0, Math.round((endMs - Date.parse(startedAt)) / 1000));
}
