import {
  type AttendanceReader,
  type AttendanceRun,
  attendanceReport,
  type ReportQuery,
} from '../../attendance/report.ts';
import type { AttendanceRow } from '../../attendance/row.ts';
import { type RunSummary, summarizeRun } from '../../attendance/run-summary.ts';
import { BoundedMap } from '../../base/bounded-map.ts';
import { MOST_RUNS, type QuestionOf } from '../../cluster/record-questions.ts';

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
  readonly #ended = new BoundedMap<string, RunSummary>(MOST_RUNS);

  constructor(deps: OwnAttendanceDeps) {
    this.#deps = deps;
  }

  /** The newest runs that are asked for, the newest first. */
  async runs({ conference, search, endedOnly, limit }: Omit<QuestionOf<'runs'>, 'type'>): Promise<RunSummary[]> {
    const text = search.toLowerCase();
    const wanted = (await this.#deps.reader.list()).filter(
      (run) =>
        (conference === null || run.conference === conference) &&
        run.conference.toLowerCase().includes(text) &&
        !(endedOnly && this.#isRunning(run)),
    );
    const summaries: RunSummary[] = [];
    // One file after the other, so that the controller does other things in between.
    for (const run of wanted.slice(-limit).reverse()) summaries.push(await this.#summaryOf(run));
    return summaries;
  }

  /** The members of the runs of a conference. */
  rows(conference: string, query: ReportQuery): Promise<AttendanceRow[]> {
    const { reader, now } = this.#deps;
    const isRunning = (name: string, startedAt: string) => this.#isRunning({ conference: name, startedAt });
    return attendanceReport(reader, conference, query, { nowMs: now(), isRunning });
  }

  async #summaryOf(run: AttendanceRun): Promise<RunSummary> {
    const key = `${run.startedAt} ${run.conference}`;
    const known = this.#ended.get(key);
    if (known) return known;
    const isRunning = this.#isRunning(run);
    const summary = summarizeRun(run, await this.#deps.reader.read(run.conference, run), isRunning);
    if (!isRunning) this.#ended.set(key, summary);
    return summary;
  }

  #isRunning({ conference, startedAt }: AttendanceRun): boolean {
    return this.#deps.runningSince(conference) === Date.parse(startedAt);
  }
}
