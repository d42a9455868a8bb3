import { z } from 'zod';
import type { AttendanceRecord } from './record.ts';
import type { AttendanceRun } from './report.ts';
import { summarize } from './summarize.ts';

const LONGEST_PROBLEM = 1000;

/** One run of a conference on one node, in a line. */
export const runSummarySchema = z.object({
  conference: z.string().max(64),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable().describe('null while it is going on'),
  members: z.number().int().min(0).describe('How many calls were admitted'),
  turnedAway: z.number().int().min(0),
  problem: z.string().max(LONGEST_PROBLEM).nullable().describe('Why its file cannot be read; null where it can'),
});

export type RunSummary = Readonly<z.output<typeof runSummarySchema>>;

/** @param records of this run alone, in order of writing */
export function summarizeRun(run: AttendanceRun, records: readonly AttendanceRecord[], isRunning: boolean): RunSummary {
  // How long members stay does not matter here.
  const rows = summarize(records, { nowMs: 0, isRunning: () => isRunning });
  const turnedAway = rows.filter(({ joinedAt }) => joinedAt === null).length;
  const endedAt = isRunning ? null : (records.at(-1)?.at ?? run.startedAt);
  return { ...run, endedAt, members: rows.length - turnedAway, turnedAway, problem: null };
}

/** A run of which nothing is known but its start. @param problem why its file cannot be read */
export function unreadableRun(
  { conference, startedAt }: AttendanceRun,
  problem: string,
  isRunning: boolean,
): RunSummary {
  return {
    conference,
    startedAt,
    endedAt: isRunning ? null : startedAt,
    members: 0,
    turnedAway: 0,
    problem: problem.slice(0, LONGEST_PROBLEM),
  };
}
