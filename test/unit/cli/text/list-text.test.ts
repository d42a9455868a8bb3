import { describe, expect, it } from 'vitest';
import { memberPage } from '../../../../src/api/member-page.ts';
import { memberQuerySchema } from '../../../../src/api/schemas.ts';
import { summarize, viewConference, viewMembers } from '../../../../src/api/views.ts';
import { memberQuery, positionOf } from '../../../../src/cli/options/list.ts';
import { conferenceListText, conferenceText, selectConferences } from '../../../../src/cli/text/conference-text.ts';
import { totalsText } from '../../../../src/cli/text/list-text.ts';
import { memberListText } from '../../../../src/cli/text/member-text.ts';
import { conference, member, partOf } from '../../api/conferences.ts';

const SOCKET = { socket: '/nowhere' };
const crowd = partOf(conference(Array.from({ length: 5012 }, (_, index) => member(index + 1))));

describe('the totals of a list', () => {
  it.each([
    [{ total: 1, matching: 1, shown: 1 }, {}, '1 member'],
    [{ total: 5012, matching: 5012, shown: 5012 }, {}, '5,012 members'],
    [{ total: 5012, matching: 12, shown: 12 }, { limit: 50 }, '5,012 members, 12 match, 1-12 shown'],
    [{ total: 5012, matching: 12, shown: 2 }, { limit: 5, page: 3 }, '5,012 members, 12 match, 11-12 shown'],
    [
      { total: 5012, matching: 5012, shown: 50 },
      { limit: 50, page: 2 },
      '5,012 members, 51-100 shown, 4,912 more with --page 3 or a larger --limit',
    ],
    [{ total: 5012, matching: 0, shown: 0 }, { limit: 50 }, '5,012 members, none match'],
    [{ total: 60, matching: 12, shown: 0 }, { limit: 50, page: 2 }, '60 members, 12 match, none of them on page 2'],
  ])('%j at %j are told as "%s"', (counts, position, text) => {
    expect(totalsText('member', counts, position)).toBe(text);
  });

  it('stand below the members', () => {
    const position = { limit: 2, page: 2 };
    const lines = memberListText(viewMembers([crowd], position), position, 200).split('\n');
    expect(lines.map((line) => line.trim().split(/ +/)[0])).toEqual(['MEMBER', '3', '4', '5,012']);
    const none = { search: 'nobody' };
    expect(memberListText(viewMembers([crowd], none), {}, 200)).toBe('5,012 members, none match');
  });
});

describe('the list of conferences', () => {
  const named = (name: string, profile: string) =>
    summarize([partOf({ ...conference(), name, settings: { ...conference().settings, profileName: profile } })]);
  const all = [named('board', 'default'), named('Hall-1', 'event'), named('hall-2', 'event')];
  const text = (search: string | undefined, position = {}) =>
    conferenceListText(selectConferences(all, search === undefined ? {} : { search }, position), position, 200);
  const firstWords = (lines: string) => lines.split('\n').map((line) => line.split(/ {2,}/)[0]);

  it('is searched by name and profile', () => {
    expect(firstWords(text(undefined))).toEqual(['CONFERENCE', 'board', 'Hall-1', 'hall-2', '3 conferences']);
    expect(firstWords(text('HALL'))).toEqual(['CONFERENCE', 'Hall-1', 'hall-2', '3 conferences, 2 match, 1-2 shown']);
    expect(firstWords(text('event', { limit: 1, page: 2 }))).toEqual([
      'CONFERENCE',
      'hall-2',
      '3 conferences, 2 match, 2-2 shown',
    ]);
  });

  it('says so where there are none', () => {
    expect(text('nowhere')).toBe('3 conferences, none match');
    expect(conferenceListText(selectConferences([], {}, {}), {}, 200)).toBe('no conferences');
  });
});

it('a conference tells how many members it has, not how many are shown, and names only the first hands', () => {
  const hands = partOf(
    conference(Array.from({ length: 1200 }, (_, index) => member(index + 1, { handRaisedAtMs: index }))),
  );
  const text = conferenceText(viewConference([hands], { limit: 0 }));
  expect(text).toContain(': 1,200 members, 0 speakers');
  expect(text).toMatch(/^hands raised: 1 2 3 .* 19 20 and 1,180 more$/m);
});

describe('what is asked for', () => {
  it('is a page on a terminal, all elsewhere and for programs', () => {
    expect(positionOf(SOCKET, 50)).toEqual({ limit: 50 });
    expect(positionOf(SOCKET, undefined)).toEqual({});
    expect(positionOf({ ...SOCKET, json: true }, 50)).toEqual({});
    expect(positionOf({ ...SOCKET, limit: 7, page: 2 }, 50)).toEqual({ limit: 7, page: 2 });
  });

  it('has a length wherever a page is named', () => {
    expect(positionOf({ ...SOCKET, json: true, page: 3 }, undefined)).toEqual({ limit: 50, page: 3 });
    expect(positionOf({ ...SOCKET, page: 3 }, 12)).toEqual({ limit: 12, page: 3 });
  });

  it('is understood by the API', () => {
    const filters = { role: 'admin', hand: true, muted: true, talking: true, waiting: true, path: 'relay' } as const;
    const asked = memberQuery(
      { ...SOCKET, json: true, search: '+49 &', ...filters },
      { limit: 7, page: 2 },
      'speakers',
    );
    const query = memberQuerySchema.parse(Object.fromEntries(new URLSearchParams(asked)));
    expect(query).toEqual({ search: '+49 &', ...filters, order: 'speakers', limit: 7, page: 2 });
    expect(memberPage([crowd], query)).toMatchObject({ total: 5012, matching: 0 });
    expect(memberQuery({ ...SOCKET, json: true }, {})).toBe('');
  });
});
