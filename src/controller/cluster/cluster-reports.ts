import { AttendanceError } from '../../attendance/errors.ts';
import { type HeldConference, mergeRuns } from '../../attendance/merge-runs.ts';
import { MAX_ROWS, MAX_RUNS, type ReportQuery, tooManyRows } from '../../attendance/report.ts';
import type { NodeRow } from '../../attendance/row.ts';
import type { RunSummary } from '../../attendance/run-summary.ts';
import { msOfIso } from '../../base/iso-time.ts';
import type { QuestionOf } from '../../cluster/record-questions.ts';
import { ControllerError } from '../errors/controller-error.ts';
import type { MissingNode, RecordsOfNodes } from './records-of-nodes.ts';

export type ClusterReport = {
  readonly rows: NodeRow[];
  readonly missing: MissingNode[];
  /** Sentences about what else is not in it. */
  readonly gaps: string[];
};

export type HeldConferences = {
  /** The newest first. */
  readonly conferences: readonly HeldConference[];
  /** There may be older ones. */
  readonly hasOlder: boolean;
  readonly missing: MissingNode[];
  /** Sentences about what else is not in it. */
  readonly gaps: string[];
};

type Found = { readonly node: string | null; readonly items: readonly RunSummary[] };

type Held = { readonly held: HeldConference[]; readonly found: readonly Found[]; readonly missing: MissingNode[] };

/** Runs among which the last conference of a name is looked for first: each is a file that has to be read. */
const FEW_RUNS = 2;

/** Reports of all nodes of the cluster in one. They say which nodes are missing. */
export class ClusterReports {
  readonly #records: Pick<RecordsOfNodes, 'ask' | 'askAll'>;

  constructor(deps: { records: Pick<RecordsOfNodes, 'ask' | 'askAll'> }) {
    this.#records = deps.records;
  }

  /**
   * A page of the conferences of which there is attendance. Rejects with an `AttendanceError` if no node has any.
   * @param wanted.conference the name; null for any
   * @param wanted.search a part of their names; case does not count
   * @param wanted.page from 1
   */
  async conferences(wanted: {
    conference: string | null;
    search: string;
    endedOnly: boolean;
    limit: number;
    page: number;
  }): Promise<HeldConferences> {
    const { conference, search, endedOnly, limit, page } = wanted;
    const end = limit * page;
    // Several runs may make up one conference, and many may be going on.
    for (let asked = Math.min(2 * end, MAX_RUNS); ; asked = Math.min(2 * asked, MAX_RUNS)) {
      const { held, found, missing } = await this.#held({ conference, search, around: null, limit: asked });
      // One that has ended on a node may go on elsewhere.
      const listed = endedOnly ? held.filter(({ endedAt }) => endedAt !== null) : held;
      const isCut = found.some(({ items }) => items.length >= asked);
      if (listed.length < end && isCut && asked < MAX_RUNS) continue;
      const conferences = listed.slice(end - limit, end);
      return { conferences, hasOlder: listed.length > end || isCut, missing, gaps: conferences.flatMap(unread) };
    }
  }

  /**
   * The members of the last conference of a name, of all of that name, or of the one that started at a time, on any of its
   * nodes. Rejects with an `AttendanceError`.
   */
  async report(conference: string, query: ReportQuery): Promise<ClusterReport> {
    const { held, found, missing } = await this.#heldOf(conference, query);
    const wanted = choose(held, query);
    if (wanted.length === 0) throw noReport(conference, missing);
    const absent = new Map<string | null, MissingNode>(missing.map((each) => [each.node, each]));
    const rows: NodeRow[] = [];
    const gaps = found.filter((each) => wanted.some((one) => isCut(one, each, query.startedAt, MAX_RUNS))).map(tooMany);
    const failures: unknown[] = [];
    const parts = wanted.flatMap(({ startedAt, runs }) => runs.map((run) => ({ ...run, heldSince: startedAt })));
    for (const { node, startedAt, heldSince } of parts) {
      if (absent.has(node)) continue;
      try {
        // A conference has one start in a report, whichever node a member has called.
        for (const row of await this.#records.ask(node, { type: 'rows', conference, startedAt }))
          rows.push({ ...row, startedAt: heldSince, node });
      } catch (error) {
        failures.push(error);
        const { message: reason } = error as Error;
        if (node !== null && isUnreachable(error)) absent.set(node, { node, reason });
        else gaps.push(`${placeOf(node)}${reason}`);
      }
      if (rows.length > MAX_ROWS) throw tooManyRows();
    }
    if (rows.length === 0 && failures.length > 0) throw failures[0];
    return { rows, missing: [...absent.values()], gaps };
  }

  /**
   * The conferences of a name: all of those that are wanted, and others. A run is a file that has to be read, so that each
   * node is asked for few at first, and for more where a conference has begun and ended often there.
   */
  async #heldOf(conference: string, query: ReportQuery): Promise<Held> {
    const { startedAt: around = null, runs } = query;
    const isAll = around === null && runs === 'all';
    for (let limit = isAll ? MAX_RUNS : FEW_RUNS; ; limit = Math.min(limit * 8, MAX_RUNS)) {
      const answer = await this.#held({ conference, search: '', around, limit });
      if (limit === MAX_RUNS) return answer;
      const wanted = choose(answer.held, query);
      if (!wanted.some((one) => answer.found.some((each) => isCut(one, each, query.startedAt, limit)))) return answer;
    }
  }

  async #held(wanted: Omit<QuestionOf<'runs'>, 'type'>): Promise<Held> {
    const { found, missing } = await this.#records.askAll({ type: 'runs', ...wanted });
    return {
      held: mergeRuns(found.flatMap(({ node, items }) => items.map((run) => ({ ...run, node })))),
      found,
      missing,
    };
  }
}

/**
 * Whether a node may have more runs of a conference than it was asked for.
 * @param around the time around which it was asked for them; undefined for the newest
 * @param limit how many it was asked for: before that time, and after it
 */
function isCut(
  { startedAt, endedAt }: HeldConference,
  { items }: Found,
  around: string | undefined,
  limit: number,
): boolean {
  const starts = items.map((run) => msOfIso(run.startedAt)).sort((a, b) => a - b);
  const aroundMs = around === undefined ? Number.POSITIVE_INFINITY : msOfIso(around);
  const before = starts.filter((startMs) => startMs <= aroundMs);
  const after = starts.slice(before.length);
  const endMs = endedAt === null ? Number.POSITIVE_INFINITY : msOfIso(endedAt);
  const [first = 0, last = 0] = [before[0], after.at(-1)];
  return (before.length >= limit && first >= msOfIso(startedAt)) || (after.length >= limit && last < endMs);
}

/** @returns the oldest first */
function choose(held: readonly HeldConference[], { runs: which, startedAt }: ReportQuery): HeldConference[] {
  if (startedAt !== undefined) {
    const atMs = msOfIso(startedAt);
    return held.filter(({ runs }) => runs.some((run) => msOfIso(run.startedAt) === atMs));
  }
  return held.slice(0, which === 'all' ? held.length : 1).reverse();
}

function noReport(conference: string, missing: readonly MissingNode[]): AttendanceError {
  const absent = missing.map(({ node, reason }) => `; node ${node} is missing: ${reason}`).join('');
  return new AttendanceError('no-such-report', `no attendance recorded of "${conference}"${absent}`);
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ControllerError && error.code === 'node-unreachable';
}

function tooMany({ node }: Found): string {
  return `${placeOf(node)}only ${MAX_RUNS} files of this name are looked through: ask for one conference by its start`;
}

function unread({ runs }: HeldConference): string[] {
  return runs.flatMap(({ node, problem }) =>
    problem === null ? [] : [`${placeOf(node)}${problem}; its members are not counted`],
  );
}

/** The beginning of a sentence about a node. */
function placeOf(node: string | null): string {
  return node === null ? '' : `node ${node}: `;
}
