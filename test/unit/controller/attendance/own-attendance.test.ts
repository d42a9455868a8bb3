import { beforeEach, describe, expect, it } from 'vitest';
import { AttendanceError } from '../../../../src/attendance/errors.ts';
import { OwnAttendance } from '../../../../src/controller/attendance/own-attendance.ts';
import { ended, joined, journalled, left, START_MS, started } from '../../attendance/events.ts';

const records = journalled([
  [0, started],
  [1, joined(1)],
  [2, left(1)],
  [3, ended],
]);
const startOf = (day: number) => new Date(START_MS + day * 86_400_000).toISOString();
const runs = [1, 2, 3, 4, 5].map((day) => ({ conference: '3000', startedAt: startOf(day) }));

let listed: number;
let read: string[];
let damaged: string | null;
let attendance: OwnAttendance;

beforeEach(() => {
  listed = 0;
  read = [];
  damaged = null;
  attendance = new OwnAttendance({
    reader: {
      list: async () => {
        listed += 1;
        return runs;
      },
      read: async (conference, { startedAt }) => {
        read.push(startedAt);
        if (startedAt === damaged) throw new AttendanceError('attendance-unreadable', 'a.jsonl cannot be read');
        return records.map((record) => ({ ...record, conference, startedAt }));
      },
    },
    runningSince: () => undefined,
    now: () => START_MS,
  });
});

const question = { conference: '3000', search: '', around: null, limit: 2 };

describe('the attendance of a node', () => {
  it('has the newest runs, or those around a time', async () => {
    expect((await attendance.runs(question)).map(({ startedAt }) => startedAt)).toEqual([startOf(5), startOf(4)]);
    const around = await attendance.runs({ ...question, around: startOf(3), limit: 1 });
    expect(around.map(({ startedAt }) => startedAt)).toEqual([startOf(4), startOf(3)]);
  });

  it('has all other runs where one file cannot be read, and says why; the file is read again each time', async () => {
    damaged = startOf(5);
    expect(await attendance.runs(question)).toMatchObject([
      { startedAt: startOf(5), members: 0, problem: 'a.jsonl cannot be read' },
      { startedAt: startOf(4), members: 1, problem: null },
    ]);
    damaged = null;
    expect(await attendance.runs(question)).toMatchObject([{ members: 1, problem: null }, { members: 1 }]);
  });

  it('is read once for all who ask at the same time, and for all who ask later', async () => {
    await Promise.all([attendance.runs(question), attendance.runs(question)]);
    await attendance.runs(question);
    expect(read).toEqual([startOf(5), startOf(4)]);
  });

  it('has the members of one run without a look at the other ones', async () => {
    expect(await attendance.rowsOf({ conference: '3000', startedAt: startOf(2) })).toMatchObject([{ memberId: 1 }]);
    expect({ listed, read }).toEqual({ listed: 0, read: [startOf(2)] });
  });
});
