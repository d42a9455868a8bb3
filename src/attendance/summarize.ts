import { isoTime, msOfIso } from '../base/iso-time.ts';
import type { AttendanceRecord, Role } from './record.ts';
import type { AttendanceRow } from './row.ts';

type RowResult = NonNullable<AttendanceRow['result']>;

type Stay = {
  readonly memberId: number;
  number: string;
  name: string;
  /** null: turned away at the door. */
  readonly joinedAtMs: number | null;
  left: { readonly atMs: number; readonly result: RowResult; readonly by: string | null } | null;
  /** Set from a restart of the controller until the member is seen again. */
  missedSinceMs: number | null;
  readonly roles: (Role & { readonly atMs: number; readonly by: string | null })[];
};

type Run = {
  readonly conference: string;
  readonly startedAt: string;
  readonly stays: Map<number, Stay>;
  lastAtMs: number;
};

export type SummaryOptions = {
  /** Until when members count who are still there. */
  nowMs: number;
  /** Whether this conference is going on. Without it, members whose end is not recorded were lost with the record. */
  isRunning: (conference: string, startedAt: string) => boolean;
};

/**
 * Makes one row for each member of each conference, from their records in the order of writing. A member that another
 * controller has adopted is the same member. Memory: one entry a member.
 */
export function summarize(records: Iterable<AttendanceRecord>, options: SummaryOptions): AttendanceRow[] {
  const runs = new Map<string, Run>();
  for (const record of records) {
    const { conference, startedAt } = record;
    const key = `${startedAt} ${conference}`;
    const run = runs.get(key) ?? { conference, startedAt, stays: new Map(), lastAtMs: 0 };
    runs.set(key, run);
    apply(run, record, msOfIso(record.at));
  }
  return [...runs.values()].flatMap((run) => {
    const isRunning = options.isRunning(run.conference, run.startedAt);
    closeAll(run, run.lastAtMs, isRunning ? null : 'LOST');
    return [...run.stays.values()].map((stay) => rowOf(run, stay, options.nowMs));
  });
}

function apply(run: Run, record: AttendanceRecord, atMs: number): void {
  run.lastAtMs = Math.max(run.lastAtMs, atMs);
  const { by = null } = record;
  const stay = 'memberId' in record ? run.stays.get(record.memberId) : undefined;
  if (stay) stay.missedSinceMs = null;
  switch (record.type) {
    case 'joined':
    case 'adopted':
      return comeIn(run, record, atMs);
    case 'turned-away':
      if (!stay) run.stays.set(record.memberId, newStay(record, null, { atMs, result: record.result, by }));
      return;
    case 'role-changed':
      return applyRole(stay, record, atMs);
    case 'leaving':
      return goOut(stay, { atMs, result: record.result, by });
    case 'transferred':
      return goOut(stay, { atMs, result: 'TRANSFERRED', by });
    case 'replaced':
      // The row is that of the caller who has the place now.
      if (stay) Object.assign(stay, { number: record.number, name: record.name });
      return;
    case 'left':
      return goOut(stay, { atMs, result: 'HANGUP', by });
    case 'resumed':
      for (const open of run.stays.values()) if (!open.left) open.missedSinceMs ??= atMs;
      return;
    case 'ended':
      return closeAll(run, atMs, 'ENDED');
    default:
      // The other records change nothing about stays.
      return;
  }
}

type Arrival = Extract<AttendanceRecord, { type: 'joined' | 'adopted' }>;

function newStay(
  { memberId, number, name }: Pick<Stay, 'memberId' | 'number' | 'name'>,
  joinedAtMs: number | null,
  left: Stay['left'],
): Stay {
  return { memberId, number, name, joinedAtMs, left, missedSinceMs: null, roles: [] };
}

function comeIn(run: Run, record: Arrival, atMs: number): void {
  const stay = run.stays.get(record.memberId) ?? newStay(record, atMs, null);
  run.stays.set(record.memberId, stay);
  stay.left = null;
  applyRole(stay, record, atMs);
}

function applyRole(
  stay: Stay | undefined,
  { role, admin, by }: Role & { by?: string | undefined },
  atMs: number,
): void {
  const last = stay?.roles.at(-1);
  if (last?.role !== role || last.admin !== admin) stay?.roles.push({ atMs, role, admin, by: by ?? null });
}

/** The member is out from the first word of the good-bye; that the call ends after it changes nothing. */
function goOut(stay: Stay | undefined, left: NonNullable<Stay['left']>): void {
  if (stay) stay.left ??= left;
}

/** Ends the stays of members that were missed, and with a result those of all. @param result null if members stay */
function closeAll(run: Run, atMs: number, result: RowResult | null): void {
  for (const stay of run.stays.values()) {
    if (stay.missedSinceMs !== null) goOut(stay, { atMs: stay.missedSinceMs, result: 'LOST', by: null });
    if (result !== null) goOut(stay, { atMs, result, by: null });
  }
}

function rowOf({ conference, startedAt }: Run, stay: Stay, nowMs: number): AttendanceRow {
  const { memberId, number, name, joinedAtMs, left } = stay;
  const untilMs = left?.atMs ?? nowMs;
  let speakerMs = 0;
  for (const [index, { role, atMs }] of stay.roles.entries()) {
    const endMs = Math.min(stay.roles[index + 1]?.atMs ?? untilMs, untilMs);
    if (role === 'speaker') speakerMs += Math.max(endMs - atMs, 0);
  }
  return {
    conference,
    startedAt,
    memberId,
    number,
    name,
    joinedAt: joinedAtMs === null ? null : isoTime(joinedAtMs),
    leftAt: left ? isoTime(left.atMs) : null,
    seconds: joinedAtMs === null ? 0 : seconds(untilMs - joinedAtMs),
    speakerSeconds: seconds(speakerMs),
    roles: stay.roles.map(({ atMs, role, admin, by }) => ({ at: isoTime(atMs), role, admin, by })),
    result: left?.result ?? null,
    endedBy: left?.by ?? null,
  };
}

/** Not negative, even when the clock was set back. */
function seconds(ms: number): number {
  return Math.max(Math.round(ms / 1000), 0);
}
