import { ApiClient } from '../../api/client.ts';
import type { StatusView } from '../../api/schemas.ts';
import { attendanceCsv, attendanceJsonLines } from '../../attendance/csv.ts';
import type { AttendanceRow } from '../../attendance/row.ts';
import { jsonText } from '../../base/json-text.ts';
import type { ClientOptions } from '../options/common.ts';
import { terminalWidth } from '../terminal/print.ts';
import { attendanceText } from '../text/attendance-text.ts';

type ReportOptions = ClientOptions & { all?: true; csv?: true; jsonl?: true };

/** `rostrum report <conference> [--csv|--json|--jsonl] [--all]` */
export async function report(conference: string, options: ReportOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const runs = options.all ? 'all' : 'last';
  const rows = await client.get<AttendanceRow[]>(`/conferences/${encodeURIComponent(conference)}/report?runs=${runs}`);
  process.stdout.write(format(rows, options));
  const { problems } = await client.get<StatusView>('/status');
  for (const { detail } of problems.filter(({ about }) => about === 'reports')) {
    process.stderr.write(`${detail}; what waits is lost when the controller ends\n`);
  }
}

function format(rows: readonly AttendanceRow[], { csv, json, jsonl }: ReportOptions): string {
  if (csv) return attendanceCsv(rows);
  if (jsonl) return attendanceJsonLines(rows);
  if (json) return `${jsonText(rows, 2)}\n`;
  return `${attendanceText(rows, terminalWidth())}\n`;
}
