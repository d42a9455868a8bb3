import { jsonText } from '../base/json-text.ts';
import type { NodeRow } from './row.ts';

/** The columns by their headings, each with the cell that it has for a row. */
const COLUMNS: Readonly<Record<string, (row: NodeRow) => string | number>> = {
  conference: ({ conference }) => conference,
  started_at: ({ startedAt }) => startedAt,
  member: ({ memberId }) => memberId,
  number: ({ number }) => number,
  name: ({ name }) => name,
  joined_at: ({ joinedAt }) => joinedAt ?? '',
  left_at: ({ leftAt }) => leftAt ?? '',
  seconds: ({ seconds }) => seconds,
  speaker_seconds: ({ speakerSeconds }) => speakerSeconds,
  result: ({ result }) => result ?? '',
  roles: ({ roles }) =>
    roles.map(({ at, role, admin, by }) => `${at} ${role}${admin ? ' admin' : ''}${by ? ` by ${by}` : ''}`).join('; '),
  ended_by: ({ endedBy }) => endedBy ?? '',
  node: ({ node }) => node ?? '',
};

/** Rows as CSV (RFC 4180): a heading, then one line a member, all with CRLF. */
export function attendanceCsv(rows: readonly NodeRow[]): string {
  const lines = rows.map((row) => Object.values(COLUMNS).map((cellOf) => cellOf(row)));
  return [Object.keys(COLUMNS), ...lines].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

export function attendanceJsonLines(rows: readonly NodeRow[]): string {
  return rows.map((row) => `${jsonText(row)}\n`).join('');
}

/**
 * One cell. Callers choose their names: text that a spreadsheet would take for a formula gets a `'` before it, since
 * some spreadsheets run commands from formulas, and nothing in it commands a terminal. A number such as `+49301234` is no formula.
 */
function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const isFormula = /^[=+\-@\t\r\n]/.test(value) && !/^\+\d+$/.test(value);
  const text = `${isFormula ? "'" : ''}${value}`.replace(/(?![\n\u200c\u200d])[\p{Cc}\p{Cf}]/gu, '?');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
