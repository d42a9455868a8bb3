import { AttendanceError } from '../../attendance/errors.ts';
import { type HeldConference, mergeRuns } from '../../attendance/merge-runs.ts';
import { MAX_ROWS, type ReportQuery, tooManyRows } from '../../attendance/report.ts';
import type { AttendanceRow } from '../../attendance/row.ts';
import { msOfIso } from '../../base/iso-time.ts';
import { MOST_RUNS, type QuestionOf } from '../../cluster/record-questions.ts';
import type { MissingNode, RecordsOfNodes } from './records-of-nodes.ts';

/** A member in a report of the cluster; `node` is null where there is no cluster. */
export type NodeRow = AttendanceRow & { readonly node: string | null };

export type ClusterReport = { readonly rows: NodeRow[]; readonly missing: MissingNode[] };

export type HeldConferences = {
  /** The newest first. */
  readonly conferences: readonly HeldConference[];
  /** There may be older ones. */
  readonly hasOlder: boolean;
  readonly missing: MissingNode[];
};

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
   * @param wanted.search a part of their names; case does not count
   * @param wanted.page from 1
   */
  async conferences(wanted: {
    search: string;
    endedOnly: boolean;
    limit: number;
    page: number;
  }): Promise<HeldConferences> {
    const { search, endedOnly, limit, page } = wanted;
    const end = limit * page;
    // Several runs may make up one conference.
    const asked = Math.min(2 * end, MOST_RUNS);
    const { held, missing, isCut } = await this.#held({ conference: null, search, endedOnly, limit: asked });
    return { conferences: held.slice(end - limit, end), hasOlder: held.length > end || isCut, missing };
  }

  /**
   * The members of the last conference of a name, of all of that name, or of the one that started at a time, on any of its
   * nodes. Rejects with an `AttendanceError`.
   */
  async report(conference: string, query: ReportQuery): Promise<ClusterReport> {
    const isLast = query.runs === 'last' && query.startedAt === undefined;
    const { held, missing } = await this.#heldOf(conference, isLast ? FEW_RUNS : MOST_RUNS);
    const wanted = choose(held, query);
    if (wanted.length === 0) throw noReport(conference, missing);
    const absent = new Map(missing.map((each) => [each.node, each]));
    const rows: NodeRow[] = [];
    for (const { startedAt, runs } of wanted) {
      for (const { node, ...run } of runs) {
        try {
          const ofRun = await this.#records.ask(node, { type: 'rows', conference, startedAt: run.startedAt });
          // A conference has one start in a report, whichever node a member has called.
          rows.push(...ofRun.map((row) => ({ ...row, startedAt, node })));
        } catch (error) {
          if (node === null) throw error;
          absent.set(node, { node, reason: (error as Error).message });
        }
      }
      if (rows.length > MAX_ROWS) throw tooManyRows();
    }
    return { rows, missing: [...absent.values()] };
  }

  /** The conferences of a name, the last one at least. @param limit how many runs each node is asked for at first */
  async #heldOf(conference: string, limit: number): Promise<{ held: HeldConference[]; missing: MissingNode[] }> {
    const answer = await this.#held({ conference, search: '', endedOnly: false, limit });
    const [last] = answer.held;
    if (!last || limit >= MOST_RUNS || !isCut(last, limit)) return answer;
    return this.#heldOf(conference, Math.min(limit * 8, MOST_RUNS));
  }

  async #held(
    wanted: Omit<QuestionOf<'runs'>, 'type'>,
  ): Promise<{ held: HeldConference[]; missing: MissingNode[]; isCut: boolean }> {
    const { found, missing } = await this.#records.askAll({ type: 'runs', ...wanted });
    const runs = found.flatMap(({ node, items }) => items.map((run) => ({ ...run, node })));
    return { held: mergeRuns(runs), missing, isCut: found.some(({ items }) => items.length === wanted.limit) };
  }
}

/** Whether a node may have more runs of this conference than the number that it was asked for. */
function isCut({ runs }: HeldConference, limit: number): boolean {
  return runs.some(({ node }) => runs.filter((run) => run.node === node).length >= limit);
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
