import { z } from 'zod';
import type { AttendanceRecord } from './record.ts';
import type { AttendanceRun } from './report.ts';
import { summarize } from './summarize.ts';

/** One run of a conference on one node, in a line. */
export const runSummarySchema = z.object({
  conference: z.string().max(64),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable().describe('null while it is going on'),
  members: z.number().int().min(0).describe('How many calls were admitted'),
  turnedAway: z.number().int().min(0),
});

export type RunSummary = Readonly<z.output<typeof runSummarySchema>>;

/** @param records of this run alone, in order of writing */
export function summarizeRun(run: AttendanceRun, records: readonly AttendanceRecord[], isRunning: boolean): RunSummary {
  // How long members stay does not matter here.
  const rows = summarize(records, { nowMs: 0, isRunning: () => isRunning });
  const turnedAway = rows.filter(({ joinedAt }) => joinedAt === null).length;
  const endedAt = isRunning ? null : (records.at(-1)?.at ?? run.startedAt);
  return { ...run, endedAt, members: rows.length - turnedAway, turnedAway };
}
