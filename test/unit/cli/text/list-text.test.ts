import { describe, expect, it } from 'vitest';
import { memberPage } from '../../../../src/api/member-page.ts';
import { memberQuerySchema } from '../../../../src/api/schemas.ts';
import { summarize, viewConference, viewMembers } from '../../../../src/api/views.ts';
import { memberQuery, positionOf } from '../../../../src/cli/options/list.ts';
import {
  type ConferenceList,
  conferenceListText,
  conferenceText,
  selectConferences,
} from '../../../../src/cli/text/conference-text.ts';
import { type ConferenceOrder, newestText, type Position, totalsText } from '../../../../src/cli/text/list-text.ts';
import { memberListText } from '../../../../src/cli/text/member-text.ts';
import { PLAIN_FLAGS } from '../../../../src/conference/model/flags.ts';
import type { Member } from '../../../../src/conference/model/member.ts';
import { conference, member, partOf } from '../../api/conferences.ts';

const SOCKET = { socket: '/nowhere' };
const crowd = partOf(conference(Array.from({ length: 5012 }, (_, index) => member(index + 1))));

describe('the last line of a list of the newest', () => {
  it.each<[string, Parameters<typeof newestText>[1], Position]>([
    ['no calls', { shown: 0, listed: 0, hasOlder: false }, {}],
    ['no calls on this page', { shown: 0, listed: 0, hasOlder: false }, { limit: 50, page: 2 }],
    ['3 calls shown', { shown: 3, listed: 3, hasOlder: false }, { limit: 50 }],
    [
      '50 calls shown, older ones with --page 3 or a larger --limit',
      { shown: 50, listed: 50, hasOlder: true },
      { limit: 50, page: 2 },
    ],
    ['500 calls shown, older ones with --search', { shown: 500, listed: 500, hasOlder: true }, {}],
    [
      '20 calls shown, more with the arrow keys and PgDn',
      { shown: 20, listed: 40, hasOlder: true },
      { offset: 0, limit: 20 },
    ],
    ['40 calls shown', { shown: 40, listed: 40, hasOlder: false }, { offset: 0, limit: 50 }],
  ])('is %j', (text, counts, position) => {
    expect(newestText('call', counts, position)).toBe(text);
  });
});

describe('the totals of a list', () => {
  it.each([
    [{ total: 9, matching: 9, shown: 9 }, {}, '9 members'],
    [{ total: 5012, matching: 12, shown: 12 }, { limit: 50 }, '9 members, 12 match, 1-12 shown'],
    [{ total: 5012, matching: 1, shown: 1 }, { limit: 50 }, '9 members, 1 matches, 1 shown'],
    [{ total: 5012, matching: 12, shown: 2 }, { limit: 5, page: 3 }, '9 members, 12 match, 11-12 shown'],
    [
      { total: 5012, matching: 5012, shown: 50 },
      { limit: 50, page: 2 },
      '9 members, 51-100 shown, 4,912 more with --page 3 or a larger --limit',
    ],
    [
      { total: 5012, matching: 5012, shown: 50 },
      { limit: 50, offset: 7 },
      '9 members, 8-57 shown, more with the arrow keys and PgDn',
    ],
    [{ total: 5012, matching: 12, shown: 12 }, { limit: 50, offset: 0 }, '9 members, 12 match, 1-12 shown'],
    [{ total: 5012, matching: 0, shown: 0 }, { limit: 50 }, '9 members, none match'],
    [{ total: 60, matching: 12, shown: 0 }, { limit: 50, page: 2 }, '9 members, 12 match, none of them on page 2'],
  ])('%j at %j are told as "%s"', (counts, position, text) => {
    expect(totalsText('9 members', counts, position)).toBe(text);
  });

  it.each<[Partial<Member>[], string]>([
    [[{}], '1 member'],
    [[{}, {}, { place: { at: 'waiting' } }], '3 members'],
    [[{}, { place: { at: 'door' } }], '1 member, 1 caller at the PIN'],
    [[{ place: { at: 'door' } }, { place: { at: 'door' } }], '0 members, 2 callers at the PIN'],
    [[{}, { flags: { ...PLAIN_FLAGS, ghost: true } }], '1 member, 1 ghost'],
    [[{}, { place: { at: 'leaving', result: 'HANGUP' } }], '1 member, 1 leaving'],
  ])('count as members only those who are: %j', (members, text) => {
    const part = partOf(conference(members.map((each, index) => member(index + 1, each))));
    const lines = memberListText(viewMembers([part]), {}, 200).split('\n');
    expect(lines.at(-1)).toBe(text);
    expect(conferenceText(viewConference([part]), 200)).toContain(`: ${text.split(',')[0]}, `);
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
  const listed = (found: ConferenceList, position: Position, inLobby = 0) =>
    conferenceListText({ ...found, inLobby }, position, 200);
  const text = (search: string | undefined, position = {}) =>
    listed(selectConferences(all, search === undefined ? {} : { search }, position), position);
  const firstWords = (lines: string) => lines.split('\n').map((line) => line.split(/ {2,}/)[0]);

  it('is searched by name and profile', () => {
    expect(firstWords(text(undefined))).toEqual(['CONFERENCE', 'board', 'Hall-1', 'hall-2', '3 conferences']);
    expect(firstWords(text('HALL'))).toEqual(['CONFERENCE', 'Hall-1', 'hall-2', '3 conferences, 2 match, 1-2 shown']);
    expect(firstWords(text('event', { limit: 1, page: 2 }))).toEqual([
      'CONFERENCE',
      'hall-2',
      '3 conferences, 2 match, 2 shown',
    ]);
  });

  it('is sorted by name, and so that the most or the latest come first', () => {
    const sized = (name: string, members: number, startedAtMs: number) =>
      summarize([
        partOf({
          ...conference(Array.from({ length: members }, (_, index) => member(index + 1, { handRaisedAtMs: 1 }))),
          name,
          startedAtMs,
        }),
      ]);
    const some = [sized('10', 1, 3000), sized('9', 3, 1000), sized('hall', 2, 2000)];
    const names = (sort: ConferenceOrder) => selectConferences(some, { sort }, {}).conferences.map(({ name }) => name);
    expect(names('name')).toEqual(['9', '10', 'hall']);
    expect(names('members')).toEqual(['9', 'hall', '10']);
    expect(names('hands')).toEqual(['9', 'hall', '10']);
    expect(names('latest')).toEqual(['10', 'hall', '9']);
    expect(names('speakers')).toEqual(['10', '9', 'hall']);
  });

  it('says how many callers have not dialled one yet', () => {
    const found = selectConferences(all, {}, {});
    expect(listed(found, {}, 1).split('\n').at(-1)).toBe('1 caller in the lobby, who has not dialled a conference yet');
    expect(listed(selectConferences([], {}, {}), {}, 2)).toBe(
      'no conferences\n2 callers in the lobby, who have not dialled a conference yet',
    );
  });

  it('says so where there are none', () => {
    expect(text('nowhere')).toBe('3 conferences, none match');
    expect(listed(selectConferences([], {}, {}), {})).toBe('no conferences');
  });
});

it('a conference tells how many members it has, not how many are shown, and names only the first hands', () => {
  const hands = partOf(
    conference(Array.from({ length: 1200 }, (_, index) => member(index + 1, { handRaisedAtMs: index }))),
  );
  const text = conferenceText(viewConference([hands], { limit: 0 }), 200);
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
    const scrolledTo = new URLSearchParams(memberQuery(SOCKET, { limit: 7, offset: 3 }, 'name'));
    expect(memberQuerySchema.parse(Object.fromEntries(scrolledTo))).toEqual({ order: 'name', limit: 7, offset: 3 });
    expect(memberPage([crowd], query)).toMatchObject({ total: 5012, matching: 0 });
    expect(memberQuery({ ...SOCKET, json: true }, {})).toBe('');
  });
});
