import { z } from 'zod';
import { msOfIso } from '../base/iso-time.ts';
import { AttendanceError } from './errors.ts';
import type { AttendanceRecord } from './record.ts';
import type { AttendanceRow } from './row.ts';
import { type SummaryOptions, summarize } from './summarize.ts';

/** One file of attendance: a conference from its start to its end. */
export type AttendanceRun = { readonly conference: string; readonly startedAt: string };

/** Where records are read from. Both reject with an `AttendanceError`. */
export interface AttendanceReader {
  /** All runs, oldest first. */
  list(): Promise<AttendanceRun[]>;
  /** The records of one run, in order of writing; empty if there is no such run. */
  read(conference: string, which: { startedAt: string }): Promise<AttendanceRecord[]>;
}

/** More would keep the controller busy for too long; the newest are taken. */
export const MAX_RUNS = 1000;
export const MAX_ROWS = 100_000;

/** Of `GET /conferences/:conference/report`. */
export const reportQuerySchema = z.strictObject({
  runs: z
    .enum(['last', 'all'])
    .default('last')
    .describe(`The conference that is going on or was last, or all of this name (the newest ${MAX_RUNS})`),
  startedAt: z.iso.datetime().optional().describe('Only the one that started at this time; wins over `runs`'),
});

export type ReportQuery = z.output<typeof reportQuerySchema>;

/**
 * The attendance of a conference, of those that are going on as well as of those that have ended.
 * @returns one row a member, oldest conference first
 * @throws AttendanceError
 */
export async function attendanceReport(
  reader: AttendanceReader,
  conference: string,
  query: ReportQuery,
  options: SummaryOptions,
): Promise<AttendanceRow[]> {
  const runs = (await reader.list()).filter((run) => run.conference === conference);
  const rows: AttendanceRow[] = [];
  const wanted = choose(runs, query);
  if (wanted.length === 0) throw new AttendanceError('no-such-report', `no attendance recorded of "${conference}"`);
  for (const { startedAt } of wanted) {
    rows.push(...summarize(await reader.read(conference, { startedAt }), options));
    if (rows.length > MAX_ROWS) throw tooManyRows();
  }
  return rows;
}

/** There is too much in one report. */
export function tooManyRows(): AttendanceError {
  return new AttendanceError('attendance-unreadable', `more than ${MAX_ROWS} members: ask for one by startedAt`);
}

function choose(runs: readonly AttendanceRun[], { runs: which, startedAt }: ReportQuery): readonly AttendanceRun[] {
  if (startedAt !== undefined) return runs.filter((run) => msOfIso(run.startedAt) === msOfIso(startedAt));
  return runs.slice(which === 'all' ? -MAX_RUNS : -1);
}
