import { describe, expect, it } from 'vitest';
import { Journal } from '../../../src/attendance/journal.ts';
import { parseRecord, parseRecords, serializeRecord } from '../../../src/attendance/record.ts';
import { ended, joined, journalled, LISTENER, left, SPEAKER, START, START_MS, started } from './events.ts';

const typesOf = (records: readonly { type: string }[]) => records.map((record) => record.type);

describe('what is recorded of a conference', () => {
  it('is when and where it happened, who it was and in which role', () => {
    expect(
      journalled([
        [0, started],
        [5, joined(1, SPEAKER)],
      ])[1],
    ).toEqual({
      at: '2026-01-05T10:15:05.123Z',
      conference: '3000',
      startedAt: START,
      type: 'joined',
      memberId: 1,
      number: '100',
      name: 'Ann',
      role: 'speaker',
      admin: false,
    });
  });

  it('has a change of the role, but not of other flags', () => {
    const records = journalled([
      [0, started],
      [1, joined(1)],
      [2, { type: 'flags-changed', memberId: 1, flags: { ...LISTENER, mute: true } }],
      [3, { type: 'flags-changed', memberId: 1, flags: { ...SPEAKER, mute: true } }],
      [4, { type: 'flags-changed', memberId: 1, flags: SPEAKER }],
      [5, { type: 'flags-changed', memberId: 1, flags: { ...SPEAKER, admin: true } }],
    ]);
    expect(typesOf(records)).toEqual(['started', 'joined', 'role-changed', 'role-changed']);
    expect(records[3]).toMatchObject({ role: 'speaker', admin: true });
  });

  it('does not have who talks when, unless that is asked for', () => {
    const events = [
      [0, started],
      [1, { type: 'talking', memberId: 1, talking: true, levelDbov: -20 }],
    ] as const;
    expect(typesOf(journalled(events))).toEqual(['started']);
    expect(typesOf(journalled(events, new Journal({ talking: true })))).toEqual(['started', 'talking']);
  });

  it('says that another controller goes on with it', () => {
    const records = journalled([
      [60, { type: 'hand', memberId: 1, raised: true }],
      [61, left(1)],
    ]);
    expect(typesOf(records)).toEqual(['resumed', 'hand', 'left']);
  });

  it('keeps conferences that are going on at the same time apart, and forgets one that has ended', () => {
    const journal = new Journal({ talking: false });
    journalled([[0, started]], journal);
    journal.record({ conference: '4000', startedAtMs: START_MS, atMs: START_MS, event: started });
    journalled([[9, ended]], journal);
    expect(journal.isOpen('3000', START_MS)).toBe(false);
    expect(journal.isOpen('4000', START_MS)).toBe(true);
  });

  it('does not have more of a name than is sensible', () => {
    const [, record] = journalled([
      [0, started],
      [1, joined(1, LISTENER, { number: '1', name: 'x'.repeat(10_000) })],
    ]);
    expect(record).toMatchObject({ name: 'x'.repeat(200) });
  });
});

describe('a record as a line', () => {
  it('is read as it was written', () => {
    for (const record of journalled([
      [0, started],
      [1, joined(1, SPEAKER, { number: '+1', name: 'a\n"b' })],
      [2, left(1)],
    ])) {
      const line = serializeRecord(record);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(parseRecord(line)).toEqual(record);
    }
  });

  it('is left out if it is cut off, damaged or unknown, and the others are read', () => {
    const [first = '', second = ''] = journalled([
      [0, started],
      [1, joined(1)],
    ]).map(serializeRecord);
    const unknown =
      '{"at":"2026-01-05T10:15:00.123Z","conference":"3000","startedAt":"2026-01-05T10:15:00.123Z","type":"later"}\n';
    const text = `${first}{"at":"20\n\n${unknown}null\n${second}${second.slice(0, 70)}`;
    expect(typesOf(parseRecords(text))).toEqual(['started', 'joined']);
  });
});
