import { describe, expect, it } from 'vitest';
import { type Pace, schedule } from '../../../src/invite/call-pace.ts';
import type { Invitation, InvitationState } from '../../../src/invite/invitation.ts';
import { invitation } from './invitations.ts';

const PACE: Pace = { atOnce: 2, perSecond: 5, room: null };

const inState = (id: string, state: InvitationState): Invitation => ({ ...invitation(), id, state });
const waits = (id: string, notBeforeMs = 0) => inState(id, { status: 'waiting', notBeforeMs, unanswered: 0 });
const calls = (id: string, sinceMs: number) =>
  inState(id, { status: 'calling', sinceMs, accepted: true, unanswered: 0 });
const done = (id: string) => inState(id, { status: 'answered', memberChannelId: `${id}-1`, atMs: 0 });

const plan = (invitations: Invitation[], nowMs: number, begunAtMs: number[] = [], pace = PACE) => {
  const { due, overdue, wakeAtMs } = schedule(invitations, begunAtMs, pace, nowMs);
  return { due: due.map(({ id }) => id), overdue: overdue.map(({ id }) => id), wakeAtMs };
};

describe('the order of calls', () => {
  it('is that of asking, a few at a time', () => {
    expect(plan([waits('a'), waits('b'), waits('c')], 100).due).toEqual(['a', 'b']);
    expect(plan([calls('a', 0), waits('b'), waits('c')], 100).due).toEqual(['b']);
    expect(plan([calls('a', 0), calls('b', 0), waits('c')], 100).due).toEqual([]);
    expect(plan([done('a'), calls('b', 0), waits('c')], 100).due).toEqual(['c']);
  });

  it('has those who wait for another try when their time has come', () => {
    expect(plan([waits('a', 500), waits('b', 50)], 100)).toEqual({ due: ['b'], overdue: [], wakeAtMs: 500 });
  });

  it('begins only so many calls within a second', () => {
    const pace = { ...PACE, atOnce: 10, perSecond: 2 };
    expect(plan([waits('a'), waits('b')], 1000, [300, 600], pace)).toEqual({ due: [], overdue: [], wakeAtMs: 1300 });
    expect(plan([waits('a'), waits('b')], 1300, [300, 600], pace).due).toEqual(['a']);
  });

  it('waits for room in Asterisk', () => {
    const pace = { ...PACE, atOnce: 10 };
    expect(plan([waits('a'), waits('b')], 100, [], { ...pace, room: 0 })).toEqual({
      due: [],
      overdue: [],
      wakeAtMs: 1100,
    });
    expect(plan([waits('a'), waits('b')], 100, [], { ...pace, room: 1 })).toMatchObject({ due: ['a'], wakeAtMs: 1100 });
    expect(plan([waits('a'), waits('b')], 100, [], { ...pace, room: 2 })).toMatchObject({
      due: ['a', 'b'],
      wakeAtMs: null,
    });
  });

  it('may have less than one call a second', () => {
    const pace = { ...PACE, atOnce: 10, perSecond: 0.1 };
    expect(plan([waits('a'), waits('b')], 0, [], pace)).toMatchObject({ due: ['a'], wakeAtMs: 10_000 });
    expect(plan([waits('b')], 9999, [0], pace)).toMatchObject({ due: [], wakeAtMs: 10_000 });
    expect(plan([waits('b')], 10_000, [0], pace).due).toEqual(['b']);
  });

  it('is looked at again when a call should have ended', () => {
    expect(plan([calls('a', 0)], 100)).toEqual({ due: [], overdue: [], wakeAtMs: 40_000 });
    expect(plan([calls('a', 0)], 40_000)).toEqual({ due: [], overdue: ['a'], wakeAtMs: null });
  });

  it('needs no clock where nobody is to be called', () => {
    expect(plan([done('a')], 100)).toEqual({ due: [], overdue: [], wakeAtMs: null });
  });
});
