import type { AttendanceRow } from './row.ts';

const COLUMNS = [
  'conference',
  'started_at',
  'member',
  'number',
  'name',
  'joined_at',
  'left_at',
  'seconds',
  'speaker_seconds',
  'result',
  'roles',
] as const;

/** Rows as CSV (RFC 4180): a heading, then one line a member, all with CRLF. */
export function attendanceCsv(rows: readonly AttendanceRow[]): string {
  return [COLUMNS, ...rows.map(cellsOf)].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

/** Rows as JSON lines. */
export function attendanceJsonLines(rows: readonly AttendanceRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function cellsOf(row: AttendanceRow): (string | number)[] {
  const roles = row.roles.map(({ at, role, admin }) => `${at} ${role}${admin ? ' admin' : ''}`).join('; ');
  return [
    row.conference,
    row.startedAt,
    row.memberId,
    row.number,
    row.name,
    row.joinedAt ?? '',
    row.leftAt ?? '',
    row.seconds,
    row.speakerSeconds,
    row.result ?? '',
    roles,
  ];
}

/**
 * One cell. Text that a spreadsheet would take for a formula gets a `'` before it: callers choose their names, and
 * some spreadsheets run commands from formulas.
 */
function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
