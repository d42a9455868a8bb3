import type { Invitation } from './invitation.ts';
import { GRACE_MS } from './tries.ts';

export type Pace = {
  /** Calls that are made and not answered yet. */
  readonly atOnce: number;
  /** Calls begun within any second; may be less than one. */
  readonly perSecond: number;
  /** Calls for which Asterisk has room; null if that is not known, or there is no limit. */
  readonly room: number | null;
};

/** So often it is looked whether there is room again. */
const LOOK_FOR_ROOM_MS = 1000;

/** For how long it matters that a call was begun. */
export function paceWindowMs({ perSecond }: Pick<Pace, 'perSecond'>): number {
  return Math.max(1000 / perSecond, 1000);
}

export type Schedule = {
  /** To be called now, in the order of their turn. */
  readonly due: readonly Invitation[];
  /** Calls of whose end Asterisk should have told. */
  readonly overdue: readonly Invitation[];
  /** When to look again, unless something happens before; null if only something that happens can change anything. */
  readonly wakeAtMs: number | null;
};

/** @param begunAtMs when the last calls were begun, oldest first; at least those within `paceWindowMs` */
export function schedule(
  invitations: Iterable<Invitation>,
  begunAtMs: readonly number[],
  pace: Pace,
  nowMs: number,
): Schedule {
  const waiting: { invitation: Invitation; notBeforeMs: number }[] = [];
  const overdue: Invitation[] = [];
  const wakes: number[] = [];
  let calling = 0;
  for (const invitation of invitations) {
    const { state, timeoutMs } = invitation;
    if (state.status === 'waiting') waiting.push({ invitation, notBeforeMs: state.notBeforeMs });
    if (state.status !== 'calling') continue;
    calling += 1;
    const overdueAtMs = state.sinceMs + timeoutMs + GRACE_MS;
    if (overdueAtMs <= nowMs) overdue.push(invitation);
    else wakes.push(overdueAtMs);
  }
  waiting.sort((a, b) => a.notBeforeMs - b.notBeforeMs);
  const ready = waiting.filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
  const windowMs = paceWindowMs(pace);
  const lately = begunAtMs.filter((atMs) => atMs > nowMs - windowMs);
  const allowed = Math.max(Math.floor(pace.perSecond), 1) - lately.length;
  const places = Math.max(pace.atOnce - calling, 0);
  const room = pace.room ?? Number.POSITIVE_INFINITY;
  const due = ready.slice(0, Math.min(places, Math.max(allowed, 0), room));
  if (due.length < ready.length && due.length === room) wakes.push(nowMs + LOOK_FOR_ROOM_MS);
  else if (due.length < ready.length && due.length < places) wakes.push((lately[0] ?? nowMs) + windowMs);
  const next = waiting[ready.length];
  if (next) wakes.push(next.notBeforeMs);
  return {
    due: due.map(({ invitation }) => invitation),
    overdue,
    wakeAtMs: wakes.length > 0 ? wakes.reduce((a, b) => Math.min(a, b)) : null,
  };
}
