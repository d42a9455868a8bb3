import { ApiClient } from '../../api/client.ts';
import type { HeldListView, MissingNodes, ReportView } from '../../api/record-schemas.ts';
import type { StatusView } from '../../api/schemas.ts';
import { attendanceCsv, attendanceJsonLines } from '../../attendance/csv.ts';
import { jsonText } from '../../base/json-text.ts';
import { printable } from '../../base/printable.ts';
import type { ClientOptions } from '../options/common.ts';
import { UsageError } from '../options/errors.ts';
import { type ListOptions, positionOf } from '../options/list.ts';
import { terminalLimit, terminalWidth } from '../terminal/print.ts';
import { printOrWatch } from '../terminal/watch.ts';
import { attendanceText } from '../text/attendance-text.ts';
import { day, time } from '../text/conference-text.ts';
import { heldListText } from '../text/held-text.ts';

/** The parts of an answer that it does not have. */
export type Absent = { readonly missing: MissingNodes; readonly gaps?: readonly string[] };

type ReportOptions = ListOptions & { all?: true; started?: string; csv?: true; jsonl?: true };

/** `rostrum report [conference] [--csv|--json|--jsonl] [--all]`; without a conference, those of which there are reports. */
export async function report(conference: string | undefined, options: ReportOptions): Promise<void> {
  if (conference === undefined) return listReports(options);
  const { search, limit, page } = options;
  if (search !== undefined || limit !== undefined || page !== undefined)
    throw new UsageError('report: --search, --limit and --page are for the list of reports, without a conference');
  const client = new ApiClient({ socketPath: options.socket });
  const { all, started } = options;
  const startedAt = started === undefined ? undefined : await startOf(client, conference, started);
  const query = recordsQuery(startedAt === undefined ? { runs: all ? 'all' : 'last' } : { startedAt });
  const view = await client.get<ReportView>(`/reports/${encodeURIComponent(conference)}${query}`);
  process.stdout.write(format(view.rows, options));
  tellMissing(view);
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
  const client = new ApiClient({ socketPath: options.socket });
  let absent: Absent = { missing: [] };
  await printOrWatch(options, positionOf(options, terminalLimit(options.watch)), {
    read: async ({ limit, page }) => {
      const wanted = { ended: options.ended, search: options.search, limit, page };
      const view = await client.get<HeldListView>(`/reports${recordsQuery(wanted)}`);
      absent = view;
      return view;
    },
    forPeople: (view) => heldListText(view, terminalWidth()),
    forPrograms: ({ conferences }) => conferences,
  });
  tellMissing(absent);
}

/** The start of the one conference of a name that started at a time. @param text the time as lists have it, or its beginning */
async function startOf(client: ApiClient, name: string, text: string): Promise<string> {
  const { conferences } = await client.get<HeldListView>(`/reports${recordsQuery({ search: name })}`);
  const starts = conferences.filter(({ conference }) => conference === name).map(({ startedAt }) => startedAt);
  const [found, ...more] = starts.filter((iso) => startTexts(iso).some((each) => each.startsWith(text)));
  const list = `"rostrum report --search ${name}" lists them`;
  if (found === undefined) throw new UsageError(`report: no conference ${name} started "${text}"; ${list}`);
  if (more.length > 0) throw new UsageError(`report: several conferences ${name} started "${text}"; ${list}`);
  return found;
}

function startTexts(iso: string): string[] {
  const at = new Date(iso);
  return [time(iso), `${day(at)} ${at.toTimeString().slice(0, 8)}`, iso];
}

/** The part of a URL behind its path. */
export function recordsQuery(wanted: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}

/** On stderr: what is printed may be a table for programs. */
export function tellMissing({ missing, gaps = [] }: Absent): void {
  for (const { node, reason } of missing) process.stderr.write(`node ${node} is missing: ${printable(reason)}\n`);
  for (const gap of gaps) process.stderr.write(`${printable(gap)}\n`);
}

function format(rows: ReportView['rows'], { csv, json, jsonl }: ReportOptions & ClientOptions): string {
  if (csv) return attendanceCsv(rows);
  if (jsonl) return attendanceJsonLines(rows);
  if (json) return `${jsonText(rows, 2)}\n`;
  return `${attendanceText(rows, terminalWidth())}\n`;
}
