import { expect, it } from 'vitest';
import type { AttendanceRecord } from '../../../src/attendance/record.ts';
import { summarizeRun } from '../../../src/attendance/run-summary.ts';
import { ANN, type At, ended, joined, journalled, left, START, started } from './events.ts';

const run = { conference: '3000', startedAt: START };
const events: At[] = [
  [0, started],
  [1, joined(1)],
  [2, joined(2)],
  [3, { type: 'turned-away', memberId: 3, caller: ANN, result: 'LOCKED' }],
  [60, left(1)],
];
const END = '2026-01-05T10:16:03.123Z';

it.each<[string, AttendanceRecord[], boolean, string | null]>([
  ['has ended with its last record', journalled([...events, [63, ended]]), false, END],
  [
    'has ended with its last record, though the end was not written',
    journalled([...events, [63, left(2)]]),
    false,
    END,
  ],
  ['has no end while it is going on', journalled(events), true, null],
])('a run of a conference %s, and counts its members and those turned away', (_, records, isRunning, endedAt) => {
  expect(summarizeRun(run, records, isRunning)).toEqual({ ...run, endedAt, members: 2, turnedAway: 1, problem: null });
});

it('a run without a readable record has ended when it began', () => {
  expect(summarizeRun(run, [], false)).toEqual({ ...run, endedAt: START, members: 0, turnedAway: 0, problem: null });
});
