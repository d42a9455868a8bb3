import { ApiClient } from '../../api/client.ts';
import type { StatusView } from '../../api/schemas.ts';
import { attendanceCsv, attendanceJsonLines } from '../../attendance/csv.ts';
import type { AttendanceRow } from '../../attendance/row.ts';
import { jsonText } from '../../base/json-text.ts';
import type { ClientOptions } from '../options/common.ts';
import { time } from '../text/conference-text.ts';
import { tableOf } from '../text/table.ts';

type ReportOptions = ClientOptions & { all?: true; csv?: true; jsonl?: true };

/** `rostrum report <conference> [--csv|--json|--jsonl] [--all]` */
export async function report(conference: string, options: ReportOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const runs = options.all ? 'all' : 'last';
  const rows = await client.get<AttendanceRow[]>(`/conferences/${encodeURIComponent(conference)}/report?runs=${runs}`);
  process.stdout.write(format(rows, options));
  const { reports } = await client.get<StatusView>('/status');
  if (reports.problem === null) return;
  process.stderr.write(`attendance cannot be written, and is lost when the controller ends: ${reports.problem}\n`);
}

function format(rows: readonly AttendanceRow[], { csv, json, jsonl }: ReportOptions): string {
  if (csv) return attendanceCsv(rows);
  if (jsonl) return attendanceJsonLines(rows);
  if (json) return `${jsonText(rows, 2)}\n`;
  return `${forPeople(rows)}\n`;
}

/** A heading and a table for each conference. */
function forPeople(rows: readonly AttendanceRow[]): string {
  const starts = [...new Set(rows.map((row) => row.startedAt))];
  if (starts.length === 0) return 'nobody was there';
  return starts.map((start) => runTable(rows.filter((row) => row.startedAt === start))).join('\n\n');
}

function runTable(rows: readonly AttendanceRow[]): string {
  const [{ conference, startedAt } = { conference: '', startedAt: '' }] = rows;
  const there = rows.filter((row) => row.leftAt === null).length;
  const turnedAway = rows.filter((row) => row.joinedAt === null).length;
  return [
    `conference ${conference}, started ${day(startedAt)} ${time(startedAt)}: ${rows.length - turnedAway} members, ` +
      `${there} still there, ${turnedAway} turned away`,
    tableOf(rows, [
      ['MEMBER', ({ memberId }) => memberId],
      ['NUMBER', ({ number }) => number || '-'],
      ['NAME', ({ name }) => name || '-'],
      ['ROLES', rolesIn],
      ['JOINED', ({ joinedAt }) => (joinedAt ? time(joinedAt) : '-')],
      ['LEFT', ({ leftAt }) => (leftAt ? time(leftAt) : '-')],
      ['TIME', ({ seconds }) => duration(seconds)],
      ['AS SPEAKER', ({ speakerSeconds }) => duration(speakerSeconds)],
      ['RESULT', ({ result }) => result ?? '-'],
    ]),
  ].join('\n');
}

function rolesIn({ roles }: AttendanceRow): string {
  return [...new Set(roles.map(({ role, admin }) => (admin ? `${role}+admin` : role)))].join(' ') || '-';
}

/** `h:mm:ss` */
function duration(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function day(iso: string): string {
  const date = new Date(iso);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
}
