import { describe, expect, it } from 'vitest';
import { attendanceCsv, attendanceJsonLines } from '../../../src/attendance/csv.ts';
import { joined, journalled, LISTENER, left, rowsOf as rowsOfNode, SPEAKER, started } from './events.ts';

const HEADING =
  'conference,started_at,member,number,name,joined_at,left_at,seconds,speaker_seconds,result,roles,ended_by,node\r\n';

const rowsOf = (...given: Parameters<typeof rowsOfNode>) =>
  rowsOfNode(...given).map((row) => ({ ...row, node: 'lyon' }));

const rowsWith = (number: string, name: string) =>
  rowsOf(
    journalled([
      [0, started],
      [10, joined(1, { ...SPEAKER, admin: true }, { number, name })],
      [20, left(1)],
    ]),
  );

describe('attendance as CSV', () => {
  it('has a heading and a line for each member', () => {
    expect(attendanceCsv(rowsWith('100', 'Ann'))).toBe(
      `${HEADING}3000,2026-01-05T10:15:00.123Z,1,100,Ann,2026-01-05T10:15:10.123Z,2026-01-05T10:15:20.123Z,10,10,HANGUP,` +
        '2026-01-05T10:15:10.123Z speaker admin,,lyon\r\n',
    );
  });

  it('has nothing for what is not known yet', () => {
    const rows = rowsOf(
      journalled([
        [0, started],
        [10, joined(1, LISTENER)],
      ]),
      11,
    );
    expect(attendanceCsv(rows)).toContain(',2026-01-05T10:15:10.123Z,,1,0,,');
  });

  it('quotes what has commas, quotes or line ends', () => {
    expect(attendanceCsv(rowsWith('100', 'Ann, "the\nboss"'))).toContain(',"Ann, ""the\nboss""",');
  });

  it.each(['=1+1', '+1+1', '-1', '@SUM(A1)'])('does not let %j be a formula', (name) => {
    expect(attendanceCsv(rowsWith('100', name))).toContain(`,100,'${name},`);
  });

  it('leaves a number with its country as it is', () => {
    expect(attendanceCsv(rowsWith('+49301234', 'Ann'))).toContain(',+49301234,Ann,');
  });

  it('lets no name command the terminal on which it is shown', () => {
    const name = '\u001b[2JAnn\u0007\u202e\r\t';
    expect(attendanceCsv(rowsWith('100', name))).toContain(',100,?[2JAnn????,');
    expect(attendanceCsv(rowsWith('100', '\t=1'))).toContain(",100,'?=1,");
    // Persian, with the joiner that its words need.
    expect(attendanceCsv(rowsWith('100', 'علی\u200cرضا'))).toContain(',100,علی\u200cرضا,');
  });

  it('guards a formula within quotes as well', () => {
    expect(attendanceCsv(rowsWith('100', '=HYPERLINK("http://x","y")'))).toContain(`"'=HYPERLINK(""http://x"",""y"")"`);
  });
});

describe('attendance as JSON lines', () => {
  it('has one row a line', () => {
    const rows = rowsWith('100', 'a\nb');
    const text = attendanceJsonLines(rows);
    expect(text.endsWith('}\n')).toBe(true);
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(rows);
  });
});
