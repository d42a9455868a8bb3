import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attendanceCsv } from '../../../src/attendance/csv.ts';
import { Journal } from '../../../src/attendance/journal.ts';
import { parseRecords, serializeRecord } from '../../../src/attendance/record.ts';
import { attendanceRowSchema } from '../../../src/attendance/row.ts';
import { summarize } from '../../../src/attendance/summarize.ts';
import {
  type At,
  adopted,
  becomes,
  ended,
  joined,
  journalled,
  LISTENER,
  left,
  rowsOf,
  SPEAKER,
  START,
  START_MS,
  started,
} from './events.ts';

describe('a summary of attendance', () => {
  it('tells who was there, from when to when, and how long of that as speaker', () => {
    const rows = rowsOf(
      journalled([
        [0, started],
        [10, joined(1)],
        [40, becomes(1, SPEAKER)],
        [60, becomes(1, { ...SPEAKER, admin: true })],
        [70, becomes(1, { ...LISTENER, admin: true })],
        [100, { type: 'leaving', memberId: 1, result: 'KICKED' }],
        [103, left(1)],
      ]),
    );
    expect(rows).toEqual([
      {
        conference: '3000',
        startedAt: START,
        memberId: 1,
        number: '100',
        name: 'Ann',
        joinedAt: '2026-01-05T10:15:10.123Z',
        leftAt: '2026-01-05T10:16:40.123Z',
        seconds: 90,
        speakerSeconds: 30,
        roles: [
          { at: '2026-01-05T10:15:10.123Z', role: 'listener', admin: false, by: null },
          { at: '2026-01-05T10:15:40.123Z', role: 'speaker', admin: false, by: null },
          { at: '2026-01-05T10:16:00.123Z', role: 'speaker', admin: true, by: null },
          { at: '2026-01-05T10:16:10.123Z', role: 'listener', admin: true, by: null },
        ],
        result: 'KICKED',
        endedBy: null,
      },
    ]);
  });

  it('tells who has made a member a speaker, and who has removed the member', () => {
    const journal = new Journal({ talking: false });
    const happened = [
      [10, joined(1), undefined],
      [40, becomes(1, SPEAKER), 'member 7'],
      [100, { type: 'leaving', memberId: 1, result: 'KICKED' } as const, 'operator anna'],
      [103, left(1), undefined],
    ] as const;
    const records = happened.flatMap(([seconds, event, by]) =>
      journal.record({ conference: '3000', startedAtMs: START_MS, atMs: START_MS + seconds * 1000, event, by }),
    );
    const [row] = rowsOf(parseRecords(records.map(serializeRecord).join('')));
    expect(row).toMatchObject({
      roles: [{ by: null }, { by: 'member 7' }],
      result: 'KICKED',
      endedBy: 'operator anna',
    });
    expect(attendanceCsv(row ? [{ ...row, node: null }] : [])).toMatch(/ speaker by member 7,operator anna,\r\n$/);
  });

  it('says HANGUP of a member who just went', () => {
    const records = journalled([
      [0, started],
      [1, joined(1)],
      [5, left(1)],
    ]);
    expect(rowsOf(records)).toMatchObject([{ seconds: 4, result: 'HANGUP' }]);
  });

  it('counts a member who is still there until now', () => {
    const [row] = rowsOf(
      journalled([
        [0, started],
        [10, joined(1, SPEAKER)],
      ]),
      30,
    );
    expect(row).toMatchObject({ leftAt: null, seconds: 20, speakerSeconds: 20, result: null });
  });

  it('has one row of a member that another controller has adopted', () => {
    const first = journalled([
      [0, started],
      [10, joined(1, SPEAKER)],
      [20, joined(2)],
    ]);
    const second = journalled([
      [60, adopted(1, SPEAKER)],
      [60, adopted(2)],
      [90, left(1)],
    ]);
    expect(rowsOf([...first, ...second], 100)).toMatchObject([
      { memberId: 1, seconds: 80, speakerSeconds: 80, result: 'HANGUP', roles: [{ role: 'speaker' }] },
      { memberId: 2, seconds: 80, leftAt: null },
    ]);
  });

  it('notices who went while no controller was running', () => {
    const first = journalled([
      [0, started],
      [10, joined(1)],
      [20, joined(2)],
    ]);
    const second = journalled([[60, adopted(2)]]);
    expect(rowsOf([...first, ...second], 100)).toMatchObject([
      { memberId: 1, leftAt: '2026-01-05T10:16:00.123Z', seconds: 50, result: 'LOST' },
      { memberId: 2, leftAt: null },
    ]);
  });

  it('does not count on for ever when the end was never recorded', () => {
    const records = journalled([
      [0, started],
      [10, joined(1)],
      [25, joined(2)],
    ]);
    expect(rowsOf(records, 10_000, false)).toMatchObject([
      { seconds: 15, result: 'LOST' },
      { seconds: 0, result: 'LOST' },
    ]);
  });

  it('has everybody out when the conference has ended', () => {
    const records = journalled([
      [0, started],
      [10, joined(1)],
      [30, ended],
    ]);
    expect(rowsOf(records)).toMatchObject([{ seconds: 20, result: 'ENDED' }]);
  });

  it('says who went to another conference', () => {
    const records = journalled([
      [0, started],
      [10, joined(1)],
      [20, { type: 'transferred', memberId: 1, conference: '4000' }],
      [20, left(1)],
    ]);
    expect(rowsOf(records)).toMatchObject([{ seconds: 10, result: 'TRANSFERRED' }]);
  });

  it('has one row where another caller has taken the place, with that number', () => {
    const records = journalled([
      [0, started],
      [10, joined(1)],
      [20, { type: 'replaced', memberId: 1, caller: { number: '200', name: 'Bob' } }],
      [30, left(1)],
    ]);
    expect(rowsOf(records)).toMatchObject([{ number: '200', name: 'Bob', seconds: 20, result: 'HANGUP' }]);
  });

  it('has callers who were turned away, without a time of joining', () => {
    const records = journalled([
      [0, started],
      [10, { type: 'turned-away', memberId: 1, caller: { number: '666', name: '' }, result: 'PIN' }],
      [12, left(1)],
    ]);
    expect(rowsOf(records)).toMatchObject([{ number: '666', joinedAt: null, seconds: 0, roles: [], result: 'PIN' }]);
  });

  it('tells conferences of the same name apart', () => {
    const records = journalled([
      [0, started],
      [1, joined(1)],
      [2, left(1)],
      [3, ended],
    ]);
    const later = records.map((record) => ({ ...record, startedAt: '2026-01-05T11:00:00.000Z' }));
    expect(rowsOf([...records, ...later]).map((row) => row.startedAt)).toEqual([START, '2026-01-05T11:00:00.000Z']);
  });

  it('has no negative times when the clock was set back', () => {
    const records = journalled([
      [100, started],
      [90, joined(1, SPEAKER)],
      [50, left(1)],
    ]);
    expect(rowsOf(records)).toMatchObject([{ seconds: 0, speakerSeconds: 0 }]);
  });

  it('has at most one row a member, with no more time as speaker than there, whatever is recorded', () => {
    const member = fc.integer({ min: 1, max: 3 });
    const event = fc.oneof(
      fc.constantFrom(started, ended),
      member.map((id) => joined(id, SPEAKER)),
      member.map((id) => adopted(id)),
      member.map((id) => becomes(id, LISTENER)),
      member.map((id) => left(id)),
    );
    const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), event), { maxLength: 30 });
    fc.assert(
      fc.property(history, fc.boolean(), (events, isRunning) => {
        const sorted = [...events].sort(([a], [b]) => a - b) as At[];
        const rows = rowsOf(journalled(sorted), 500, isRunning);
        expect(new Set(rows.map((row) => row.memberId)).size).toBe(rows.length);
        for (const row of rows) {
          expect(attendanceRowSchema.parse(row)).toEqual(row);
          expect(row.speakerSeconds).toBeLessThanOrEqual(row.seconds);
          if (!isRunning) expect(row.leftAt).not.toBeNull();
        }
      }),
    );
  });

  it('is empty where nothing is recorded', () => {
    expect(summarize([], { nowMs: 0, isRunning: () => true })).toEqual([]);
  });
});
