import {
  type AttendanceReader,
  type AttendanceRun,
  attendanceReport,
  MAX_RUNS,
  type ReportQuery,
} from '../../attendance/report.ts';
import type { AttendanceRow } from '../../attendance/row.ts';
import { type RunSummary, summarizeRun, unreadableRun } from '../../attendance/run-summary.ts';
import { summarize } from '../../attendance/summarize.ts';
import { BoundedMap } from '../../base/bounded-map.ts';
import { msOfIso } from '../../base/iso-time.ts';
import type { QuestionOf } from '../../cluster/record-questions.ts';

export type OwnAttendanceDeps = {
  readonly reader: AttendanceReader;
  /** When the conference of this name that is going on here has started, in ms; undefined if there is none. */
  readonly runningSince: (conference: string) => number | undefined;
  readonly now: () => number;
};

/** The attendance that this node has recorded, as reports. All of it rejects with an `AttendanceError`. */
export class OwnAttendance {
  readonly #deps: OwnAttendanceDeps;
  /** Of conferences that have ended: nothing about them changes any more. */
  readonly #ended = new BoundedMap<string, RunSummary>(MAX_RUNS);
  /** Those that are being read now, for all who ask meanwhile. */
  readonly #underWay = new Map<string, Promise<RunSummary>>();

  constructor(deps: OwnAttendanceDeps) {
    this.#deps = deps;
  }

  /** The runs that are asked for, the newest first. */
  async runs({ conference, search, around, limit }: Omit<QuestionOf<'runs'>, 'type'>): Promise<RunSummary[]> {
    const text = search.toLowerCase();
    const found = (await this.#deps.reader.list()).filter(
      (run) => (conference === null || run.conference === conference) && run.conference.toLowerCase().includes(text),
    );
    const summaries: RunSummary[] = [];
    // One file after the other, so that the controller does other things in between.
    for (const run of nearest(found, around, limit).reverse()) summaries.push(await this.#summaryOf(run));
    return summaries;
  }

  /** The members of the runs of a conference. */
  rows(conference: string, query: ReportQuery): Promise<AttendanceRow[]> {
    const { reader, now } = this.#deps;
    const isRunning = (name: string, startedAt: string) => this.#isRunning({ conference: name, startedAt });
    return attendanceReport(reader, conference, query, { nowMs: now(), isRunning });
  }

  /** The members of one run; empty if there is none. */
  async rowsOf(run: AttendanceRun): Promise<AttendanceRow[]> {
    const { reader, now } = this.#deps;
    const records = await reader.read(run.conference, run);
    return summarize(records, { nowMs: now(), isRunning: () => this.#isRunning(run) });
  }

  #summaryOf(run: AttendanceRun): Promise<RunSummary> {
    const key = `${run.startedAt} ${run.conference}`;
    const known = this.#ended.get(key);
    if (known) return Promise.resolve(known);
    const present = this.#underWay.get(key);
    if (present) return present;
    const summary = this.#summarize(run, key).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, summary);
    return summary;
  }

  /** One file that cannot be read hides no other one. */
  async #summarize(run: AttendanceRun, key: string): Promise<RunSummary> {
    const isRunning = this.#isRunning(run);
    try {
      const summary = summarizeRun(run, await this.#deps.reader.read(run.conference, run), isRunning);
      if (!isRunning) this.#ended.set(key, summary);
      return summary;
    } catch (error) {
      return unreadableRun(run, (error as Error).message, isRunning);
    }
  }

  #isRunning({ conference, startedAt }: AttendanceRun): boolean {
    return this.#deps.runningSince(conference) === Date.parse(startedAt);
  }
}

/** @param runs the oldest first, as the result */
function nearest(runs: readonly AttendanceRun[], around: string | null, limit: number): AttendanceRun[] {
  if (around === null) return runs.slice(-limit);
  const before = runs.filter(({ startedAt }) => msOfIso(startedAt) <= msOfIso(around));
  return [...before.slice(-limit), ...runs.slice(before.length, before.length + limit)];
}
