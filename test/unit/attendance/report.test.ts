import { describe, expect, it } from 'vitest';
import { fileNameOf, runOfFileName } from '../../../src/attendance/file-name.ts';
import type { AttendanceRecord } from '../../../src/attendance/record.ts';
import { attendanceReport, reportQuerySchema } from '../../../src/attendance/report.ts';
import { ended, joined, journalled, left, START, START_MS, started } from './events.ts';

const SECOND = '2026-01-06T09:00:00.000Z';
const records = journalled([
  [0, started],
  [1, joined(1)],
  [2, left(1)],
  [3, ended],
]);

/** Two conferences 3000 after another, and another one. */
const reader = {
  list: async () => [
    { conference: '3000', startedAt: START },
    { conference: '4000', startedAt: START },
    { conference: '3000', startedAt: SECOND },
  ],
  read: async (conference: string, { startedAt }: { startedAt: string }): Promise<AttendanceRecord[]> =>
    records.map((record) => ({ ...record, conference, startedAt })),
};
const options = { nowMs: START_MS, isRunning: () => false };

const startsOf = async (query: object) =>
  (await attendanceReport(reader, '3000', reportQuerySchema.parse(query), options)).map((row) => row.startedAt);

describe('a report of attendance', () => {
  it('is about the last conference of the name', async () => {
    expect(await startsOf({})).toEqual([SECOND]);
  });

  it('is about all conferences of the name where that is asked for', async () => {
    expect(await startsOf({ runs: 'all' })).toEqual([START, SECOND]);
  });

  it('is about the one that started at a time, however that is written', async () => {
    expect(await startsOf({ startedAt: START })).toEqual([START]);
    expect(await startsOf({ startedAt: '2026-01-06T09:00:00Z' })).toEqual([SECOND]);
  });

  it('is refused where nothing is recorded', async () => {
    const none = attendanceReport(reader, '5000', reportQuerySchema.parse({}), options);
    await expect(none).rejects.toMatchObject({ code: 'no-such-report' });
  });
});

describe("a file's name", () => {
  it('tells the conference and when it started', () => {
    const name = fileNameOf('a-b_c.d', START_MS);
    expect(name).toBe('a-b_c.d-20260105T101500123Z.jsonl');
    expect(runOfFileName(name ?? '')).toEqual({ conference: 'a-b_c.d', startedAt: START });
  });

  it.each(['../x', 'a/b', '', '.hidden', 'a\0b'])('is not made from %j', (conference) => {
    expect(fileNameOf(conference, START_MS)).toBeNull();
  });

  it.each(['notes.txt', '3000.jsonl', '3000-20261305T101500123Z.jsonl', '-20260105T101500123Z.jsonl'])(
    'is not %j',
    (name) => {
      expect(runOfFileName(name)).toBeNull();
    },
  );
});
