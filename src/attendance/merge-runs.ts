import { msOfIso } from '../base/iso-time.ts';
import type { RunSummary } from './run-summary.ts';

/** A run on a node of the cluster; `node` is null where there is no cluster. */
export type NodeRun = RunSummary & { readonly node: string | null };

/** A conference from its start on the first of its nodes to its end on the last one. */
export type HeldConference = {
  readonly conference: string;
  readonly startedAt: string;
  /** Null while it is going on. */
  readonly endedAt: string | null;
  readonly runs: readonly NodeRun[];
};

/**
 * The conferences that runs on several nodes make up, the newest first. Each node begins a run with its first caller, and
 * ends it after its last one: runs of the same name that overlap in time are one conference.
 */
export function mergeRuns(runs: readonly NodeRun[]): HeldConference[] {
  const held: HeldConference[] = [];
  /** The conference of each name that began last. */
  const latest = new Map<string, number>();
  for (const run of [...runs].sort((a, b) => msOfIso(a.startedAt) - msOfIso(b.startedAt))) {
    const { conference, startedAt, endedAt } = run;
    const index = latest.get(conference);
    const before = index === undefined ? undefined : held[index];
    if (index !== undefined && before && overlap(before, run)) {
      held[index] = { ...before, endedAt: later(before.endedAt, endedAt), runs: [...before.runs, run] };
    } else {
      latest.set(conference, held.length);
      held.push({ conference, startedAt, endedAt, runs: [run] });
    }
  }
  return held.reverse();
}

/** @param run began no earlier */
function overlap({ endedAt }: HeldConference, run: NodeRun): boolean {
  return endedAt === null || msOfIso(run.startedAt) < msOfIso(endedAt);
}

function later(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return null;
  return msOfIso(a) < msOfIso(b) ? b : a;
}
