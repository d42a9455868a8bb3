import type { ReportView } from '../../api/record-schemas.ts';
import { day, time } from './conference-text.ts';
import { counted } from './list-text.ts';
import { tableOf } from './table.ts';
import { wrap } from './text-width.ts';

type Row = ReportView['rows'][number];

/** A heading and a table for each conference. */
export function attendanceText(rows: readonly Row[], widthColumns: number): string {
  const starts = [...new Set(rows.map((row) => row.startedAt))];
  if (starts.length === 0) return 'nobody was there';
  return starts
    .map((start) =>
      runTable(
        rows.filter((row) => row.startedAt === start),
        widthColumns,
      ),
    )
    .join('\n\n');
}

function runTable(rows: readonly Row[], widthColumns: number): string {
  const [{ conference, startedAt } = { conference: '', startedAt: '' }] = rows;
  const started = new Date(startedAt);
  const there = rows.filter((row) => row.leftAt === null).length;
  const turnedAway = rows.filter((row) => row.joinedAt === null).length;
  const heading =
    `conference ${conference}, started ${day(started)} ${time(startedAt, started)}: ` +
    `${counted(rows.length - turnedAway, 'member')}, ${there} still there, ${turnedAway} turned away`;
  return [
    ...wrap(heading, widthColumns),
    tableOf(
      rows,
      [
        ['MEMBER', ({ memberId }) => memberId],
        ['NODE', ({ node }) => node ?? '-', { isShown: rows.some(({ node }) => node !== null), spare: 6 }],
        ['NUMBER', ({ number }) => number || '-'],
        ['NAME', ({ name }) => name || '-'],
        ['ROLES', rolesIn, { spare: 3 }],
        ['JOINED', ({ joinedAt }) => (joinedAt ? time(joinedAt, started) : '-')],
        ['LEFT', ({ leftAt }) => (leftAt ? time(leftAt, started) : '-'), { spare: 4 }],
        ['TIME', ({ seconds }) => duration(seconds)],
        ['AS SPEAKER', ({ speakerSeconds }) => duration(speakerSeconds), { spare: 2 }],
        ['RESULT', ({ result }) => result ?? '-', { spare: 5 }],
        ['BY', ({ endedBy }) => endedBy ?? '-', { isShown: rows.some(({ endedBy }) => endedBy !== null), spare: 1 }],
      ],
      widthColumns,
    ),
  ].join('\n');
}

function rolesIn({ roles }: Row): string {
  return [...new Set(roles.map(({ role, admin }) => (admin ? `${role}+admin` : role)))].join(' ') || '-';
}

/** `h:mm:ss` */
export function duration(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
