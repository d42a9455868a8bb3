import { ApiClient } from '../../api/client.ts';
import type { HeldConferenceView, HeldListView, ReportView } from '../../api/record-schemas.ts';
import type { StatusView } from '../../api/schemas.ts';
import { attendanceCsv, attendanceJsonLines } from '../../attendance/csv.ts';
import { jsonText } from '../../base/json-text.ts';
import type { ClientOptions } from '../options/common.ts';
import { UsageError } from '../options/errors.ts';
import type { ListOptions } from '../options/list.ts';
import { terminalWidth } from '../terminal/print.ts';
import { attendanceText } from '../text/attendance-text.ts';
import { day, time } from '../text/conference-text.ts';
import { heldTable } from '../text/held-text.ts';
import { listNewest, recordsQuery, tellAbsent } from './newest-list.ts';

/** Times that are named where several match. */
const MOST_TIMES = 10;

type ReportOptions = ListOptions & { all?: true; started?: string; csv?: true; jsonl?: true };

/** `rostrum report [conference] [--csv|--json|--jsonl] [--all]`; without a conference, those of which there are reports. */
export async function report(conference: string | undefined, options: ReportOptions): Promise<void> {
  if (conference === undefined) return listReports(options);
  const { search, limit, page } = options;
  if (search !== undefined || limit !== undefined || page !== undefined)
    throw new UsageError('report: --search, --limit and --page are for the list of reports, without a conference');
  const client = new ApiClient({ socketPath: options.socket });
  const { all, started } = options;
  const startedAt =
    started === undefined ? undefined : (isoIn(started) ?? (await startOf(client, conference, started)));
  const query = recordsQuery(startedAt === undefined ? { runs: all ? 'all' : 'last' } : { startedAt });
  const view = await client.get<ReportView>(`/reports/${encodeURIComponent(conference)}${query}`);
  process.stdout.write(format(view.rows, options));
  tellAbsent(view);
  const { problems } = await client.get<StatusView>('/status');
  for (const { detail } of problems.filter(({ about }) => about === 'reports')) {
    process.stderr.write(`${detail}; what waits is lost when the controller ends\n`);
  }
}

/** `rostrum list --past`: the conferences that have ended. */
export async function listPast(options: ListOptions): Promise<void> {
  await listHeld({ ...options, ended: true });
}

async function listReports(options: ReportOptions): Promise<void> {
  if (options.csv || options.jsonl || options.all || options.started !== undefined)
    throw new UsageError('report: --all, --started, --csv and --jsonl need the name of a conference');
  await listHeld({ ...options, ended: false });
}

async function listHeld(options: ListOptions & { ended: boolean }): Promise<void> {
  await listNewest<HeldListView, HeldConferenceView>(options, {
    path: '/reports',
    query: { ended: options.ended },
    noun: 'conference',
    entriesOf: ({ conferences }) => conferences,
    table: heldTable,
  });
}

/** The start of the one conference of a name that started at a time. @param text the time as lists have it, or its beginning */
async function startOf(client: ApiClient, name: string, text: string): Promise<string> {
  const view = await client.get<HeldListView>(`/reports${recordsQuery({ conference: name })}`);
  const starts = view.conferences.map(({ startedAt }) => startedAt);
  const found = starts.filter((iso) => startTexts(iso).some((each) => each.startsWith(text)));
  const [start] = found;
  if (start !== undefined && found.length === 1) return start;
  tellAbsent(view);
  if (start === undefined) {
    const among = view.hasOlder
      ? ` among the newest ${starts.length}; give the time of an older one as --json has it`
      : '';
    throw new UsageError(
      `report: no conference ${name} started "${text}"${among || `; "rostrum report --search ${name}" lists them`}`,
    );
  }
  const times = found.slice(0, MOST_TIMES).map(secondText).join(', ');
  throw new UsageError(`report: several conferences ${name} started "${text}": give one of ${times}`);
}

function startTexts(iso: string): string[] {
  return [time(iso), secondText(iso), iso];
}

/** A whole time as `--json` has it; undefined for any other text. */
function isoIn(text: string): string | undefined {
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

/** `2026-01-05 10:15:44`, local time. */
function secondText(iso: string): string {
  const at = new Date(iso);
  return `${day(at)} ${at.toTimeString().slice(0, 8)}`;
}

function format(rows: ReportView['rows'], { csv, json, jsonl }: ReportOptions & ClientOptions): string {
  if (csv) return attendanceCsv(rows);
  if (jsonl) return attendanceJsonLines(rows);
  if (json) return `${jsonText(rows, 2)}\n`;
  return `${attendanceText(rows, terminalWidth())}\n`;
}
