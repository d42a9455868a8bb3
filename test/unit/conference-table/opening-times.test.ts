import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Opening, openingAt } from '../../../src/conference-table/opening-times.ts';
import { openingWords } from '../../../src/conference-table/opening-words.ts';
import { parseTimes, timesSchema } from '../../../src/conference-table/times-schema.ts';
import { momentsOf, wallTimeOf } from '../../../src/conference-table/wall-time.ts';

const BERLIN = 'Europe/Berlin';
const at = (iso: string) => Date.parse(iso);

function timesOf(written: unknown, zone = BERLIN) {
  const parsed = parseTimes(timesSchema.parse(written), zone);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.times;
}

function mistakesOf(written: unknown, zone = BERLIN): string[] {
  const schema = timesSchema.safeParse(written);
  if (!schema.success) return schema.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const parsed = parseTimes(schema.data, zone);
  return parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const open = (iso: string): Opening => ({ open: true, closesMs: at(iso) });
const opens = (iso: string): Opening => ({ open: false, opensMs: at(iso) });
const OVER: Opening = { open: false, opensMs: null };

describe('opening times', () => {
  it('with dates open and close by the clocks of their zone', () => {
    const times = timesOf([{ from: '2027-01-15 10:00', until: '2027-01-15 11:30' }]);
    expect(openingAt(times, at('2027-01-15T08:59:59.999Z'))).toEqual(opens('2027-01-15T09:00:00Z'));
    expect(openingAt(times, at('2027-01-15T09:00:00Z'))).toEqual(open('2027-01-15T10:30:00Z'));
    expect(openingAt(times, at('2027-01-15T10:30:00Z'))).toEqual(OVER);
    const inJuly = timesOf([{ from: '2027-07-15 10:00' }]);
    expect(openingAt(inJuly, at('2027-07-15T07:59:00Z'))).toEqual(opens('2027-07-15T08:00:00Z'));
    expect(openingAt(inJuly, at('2090-07-15T08:00:00Z'))).toEqual({ open: true, closesMs: Number.POSITIVE_INFINITY });
    expect(openingAt(timesOf([{ until: '2027-07-15 10:00' }]), 0)).toEqual(open('2027-07-15T08:00:00Z'));
  });

  it('by the week come again each week, and go on over midnight where the next one begins then', () => {
    const times = timesOf([
      { weekly: ['monday', 'thursday'], from: '22:00', until: '24:00' },
      { weekly: 'tuesday', from: '00:00', until: '02:00' },
    ]);
    // 2027-01-18 is a Monday.
    expect(openingAt(times, at('2027-01-18T20:00:00Z'))).toEqual(opens('2027-01-18T21:00:00Z'));
    expect(openingAt(times, at('2027-01-18T21:00:00Z'))).toEqual(open('2027-01-19T01:00:00Z'));
    expect(openingAt(times, at('2027-01-19T00:59:59Z'))).toEqual(open('2027-01-19T01:00:00Z'));
    expect(openingAt(times, at('2027-01-19T01:00:00Z'))).toEqual(opens('2027-01-21T21:00:00Z'));
    expect(openingAt(times, at('2027-01-21T22:59:00Z'))).toEqual(open('2027-01-21T23:00:00Z'));
  });

  it('of all days have no end in sight', () => {
    const all = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
    const times = timesOf([{ weekly: all, from: '00:00', until: '24:00' }]);
    expect(openingAt(times, at('2027-03-27T12:00:00Z'))).toEqual({ open: true, closesMs: Number.POSITIVE_INFINITY });
  });

  it('are as long as all that is said together: a date may prolong a weekly time', () => {
    const times = timesOf([
      { weekly: 'monday', from: '09:00', until: '10:00' },
      { from: '2027-01-18 09:30', until: '2027-01-18 12:00' },
    ]);
    expect(openingAt(times, at('2027-01-18T08:00:00Z'))).toEqual(open('2027-01-18T11:00:00Z'));
    expect(openingAt(times, at('2027-01-25T08:00:00Z'))).toEqual(open('2027-01-25T09:00:00Z'));
  });

  it('without any times are always', () => {
    expect(openingAt(null, 0)).toEqual({ open: true, closesMs: Number.POSITIVE_INFINITY });
  });
});

describe('when the clocks are set', () => {
  // Berlin: 2027-03-28, 02:00 -> 03:00 at 01:00Z; 2027-10-31, 03:00 -> 02:00 at 01:00Z.
  it('forward, a time that they skip counts as that moment', () => {
    const set = at('2027-03-28T01:00:00Z');
    expect(momentsOf(BERLIN, at('2027-03-28T02:30:00Z'))).toEqual({ firstMs: set, lastMs: set });
    expect(momentsOf(BERLIN, at('2027-03-28T03:00:00Z'))).toEqual({ firstMs: set, lastMs: set });
    expect(momentsOf(BERLIN, at('2027-03-28T01:59:00Z')).firstMs).toBe(at('2027-03-28T00:59:00Z'));
    const times = timesOf([{ weekly: 'sunday', from: '01:00', until: '02:30' }]);
    expect(openingAt(times, at('2027-03-28T00:30:00Z'))).toEqual(open('2027-03-28T01:00:00Z'));
    const dated = timesOf([{ from: '2027-03-28 02:15', until: '2027-03-28 04:00' }]);
    expect(openingAt(dated, at('2027-03-28T00:59:59Z'))).toEqual(opens('2027-03-28T01:00:00Z'));
  });

  it('forward, a weekly time in the hour that they skip is left out that day', () => {
    const times = timesOf([{ weekly: 'sunday', from: '02:10', until: '02:50' }]);
    expect(openingAt(times, at('2027-03-27T12:00:00Z'))).toEqual(opens('2027-04-04T00:10:00Z'));
  });

  it('back, a time that they show twice begins the first time and ends the second', () => {
    const wall = at('2027-10-31T02:30:00Z');
    expect(momentsOf(BERLIN, wall)).toEqual({
      firstMs: at('2027-10-31T00:30:00Z'),
      lastMs: at('2027-10-31T01:30:00Z'),
    });
    const times = timesOf([{ weekly: 'sunday', from: '02:10', until: '02:30' }]);
    expect(openingAt(times, at('2027-10-31T00:09:00Z'))).toEqual(opens('2027-10-31T00:10:00Z'));
    expect(openingAt(times, at('2027-10-31T00:45:00Z'))).toEqual(open('2027-10-31T01:30:00Z'));
  });

  it('by half an hour, by a day, or at midnight, all this holds', () => {
    // Lord Howe: +11 -> +10:30 on 2027-04-04 at 15:00Z the day before.
    expect(momentsOf('Australia/Lord_Howe', at('2027-04-04T01:45:00Z'))).toEqual({
      firstMs: at('2027-04-03T14:45:00Z'),
      lastMs: at('2027-04-03T15:15:00Z'),
    });
    // Samoa had no 2011-12-30.
    const skipped = at('2011-12-30T10:00:00Z');
    expect(momentsOf('Pacific/Apia', at('2011-12-30T12:00:00Z'))).toEqual({ firstMs: skipped, lastMs: skipped });
    // Cairo had no 2023-04-28 00:30.
    expect(momentsOf('Africa/Cairo', at('2023-04-28T00:30:00Z')).firstMs).toBe(at('2023-04-27T22:00:00Z'));
  });

  it('every moment is one of those at which the clocks show what they show then', () => {
    const zones = [BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns', 'UTC'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: at('2020-01-01T00:00:00Z') / 60_000, max: at('2035-01-01T00:00:00Z') / 60_000 }),
        (zone, minute) => {
          const { firstMs, lastMs } = momentsOf(zone, wallTimeOf(zone, minute * 60_000));
          expect([firstMs, lastMs]).toContain(minute * 60_000);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a mistake in opening times is told with its place', () => {
  const DATE = 'not a date and time such as "2027-03-01 09:30"';
  it.each<[string, unknown, string[]]>([
    [
      'an end before the beginning',
      [{ from: '2027-01-02 10:00', until: '2027-01-02 09:00' }],
      ['0.until: is not after 2027-01-02 10:00, when it opens'],
    ],
    [
      'an end at the beginning',
      [{ from: '2027-01-02 10:00', until: '2027-01-02 10:00' }],
      ['0.until: is not after 2027-01-02 10:00, when it opens'],
    ],
    [
      'a weekly time beyond midnight',
      [{ weekly: 'monday', from: '22:00', until: '02:00' }],
      ['0.until: is not after 22:00, when it opens; a time beyond midnight is two: until 24:00, and from 00:00'],
    ],
    ['a day that there is not', [{ from: '2027-02-29 10:00' }], [`0.from: ${DATE}: "2027-02-29 10:00"`]],
    ['a month that there is not', [{ from: '2027-13-01 10:00' }], [`0.from: ${DATE}: "2027-13-01 10:00"`]],
    ['a time that there is not', [{ until: '2027-01-01 24:30' }], [`0.until: ${DATE}: "2027-01-01 24:30"`]],
    ['no time at all', [{}], ['0: neither `from` nor `until` is there']],
    [
      'a weekly time without an end',
      [{ weekly: 'monday', from: '09:00' }],
      ['0: a weekly time needs `until`, such as "09:30"'],
    ],
    [
      'a weekly time with a date',
      [{ weekly: 'monday', from: '2027-01-01 09:00', until: '10:00' }],
      ['0.from: not a time of day such as "09:30": "2027-01-01 09:00"'],
    ],
    ['a number for a time', [{ from: 900 }], ['0.from: a time is text such as 09:30: put it in quotes']],
    [
      'a weekday that there is not',
      [{ weekly: 'mon', from: '09:00', until: '10:00' }],
      ['0.weekly: weekly is one of sunday, monday, tuesday, wednesday, thursday, friday, saturday, or a list of them'],
    ],
    [
      'dates that overlap',
      [{ from: '2027-01-02 10:00', until: '2027-01-02 12:00' }, { from: '2027-01-02 11:59' }],
      ['1: overlaps the first of these times'],
    ],
    [
      'weekly times that overlap',
      [
        { weekly: ['monday', 'friday'], from: '09:00', until: '10:00' },
        { weekly: ['friday', 'monday'], from: '09:30', until: '11:00' },
      ],
      ['1: overlaps the first of these times'],
    ],
    [
      'a time that is skipped as a whole',
      [{ from: '2027-03-28 02:10', until: '2027-03-28 02:50' }],
      ['0.from: there is no such time: the clocks of Europe/Berlin are set forward then'],
    ],
  ])('%s', (_, written, mistakes) => {
    expect(mistakesOf(written)).toEqual(mistakes);
  });

  it('and times that touch are none', () => {
    const touching = [
      { from: '2027-01-02 10:00', until: '2027-01-02 12:00' },
      { from: '2027-01-02 12:00', until: '2027-01-02 13:00' },
    ];
    expect(mistakesOf(touching)).toEqual([]);
  });
});

describe('an opening in words', () => {
  const opensMs = at('2027-01-15T09:05:00Z');
  it.each([
    ['en', '2027-01-15T06:00:00Z', 'today', '10:05 AM'],
    ['en', '2027-01-14T06:00:00Z', 'tomorrow', '10:05 AM'],
    ['en', '2027-01-13T23:30:00Z', 'tomorrow', '10:05 AM'],
    ['en', '2027-01-12T06:00:00Z', 'Friday, January 15', '10:05 AM'],
    ['de', '2027-01-12T06:00:00Z', 'Freitag, 15. Januar', '10:05'],
    ['pt_BR', '2027-01-12T06:00:00Z', 'sexta-feira, 15 de janeiro', '10:05'],
    ['en', '2025-01-12T06:00:00Z', 'Friday, January 15, 2027', '10:05 AM'],
    ['ab_12', '2027-01-15T06:00:00Z', 'today', '10:05 AM'],
  ])('%s, at %s, is %s at %s', (language, now, day, time) => {
    expect(openingWords(opensMs, BERLIN, language, at(now))).toEqual({ day, time, hour: 10, minute: 5 });
  });
});
