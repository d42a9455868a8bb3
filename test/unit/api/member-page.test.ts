import { describe, expect, it } from 'vitest';
import { memberPage, pageOf } from '../../../src/api/member-page.ts';
import type { MemberQuery } from '../../../src/api/schemas.ts';
import { viewMembers } from '../../../src/api/views.ts';
import { PLAIN_FLAGS } from '../../../src/conference/model/flags.ts';
import type { Member } from '../../../src/conference/model/member.ts';
import { conference, member, partOf } from './conferences.ts';

const SPEAKER = { ...PLAIN_FLAGS, speaker: true };
const ADMIN = { ...PLAIN_FLAGS, admin: true };

const here = partOf(
  conference([
    member(1),
    member(2, { path: { at: 'relay' }, handRaisedAtMs: 90 }),
    member(3, { flags: { ...SPEAKER, mute: true }, caller: { number: '+49301234', name: 'Zoë Maß' } }),
    member(4, { handRaisedAtMs: 80, talking: true }),
    member(5, { flags: ADMIN }),
    member(6, { place: { at: 'waiting' } }),
    member(7, { place: { at: 'door' }, handRaisedAtMs: 1 }),
  ]),
);

const shown = (query: MemberQuery, parts = [here]) => memberPage(parts, query).entries.map(({ member: { id } }) => id);

describe('the members that are asked for', () => {
  it('are all, in order of joining, unless something else is asked for', () => {
    expect(shown({})).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(memberPage([here])).toMatchObject({ total: 7, matching: 7 });
  });

  it.each<[MemberQuery, number[]]>([
    [{ role: 'speaker' }, [3]],
    [{ role: 'listener' }, [1, 2, 4, 5, 6, 7]],
    [{ role: 'admin' }, [5]],
    [{ hand: true }, [2, 4]],
    [{ hand: false }, [1, 3, 5, 6, 7]],
    [{ muted: true }, [3]],
    [{ muted: false, role: 'speaker' }, []],
    [{ talking: true }, [4]],
    [{ waiting: true }, [6]],
    [{ path: 'relay' }, [2]],
    [{ path: 'bridge', role: 'admin' }, [5]],
    [{ search: '4930' }, [3]],
    [{ search: '+49' }, [3]],
    [{ search: 'ZOË' }, [3]],
    [{ search: 'caller 5' }, [5]],
    [{ search: 'caller', hand: true }, [2, 4]],
    [{ search: 'nobody' }, []],
  ])('are those that every filter lets through: %j', (query, ids) => {
    expect(shown(query)).toEqual(ids);
    expect(memberPage([here], query)).toMatchObject({ total: 7, matching: ids.length });
  });

  it('are found by their address, and on other nodes by the name of the node', () => {
    const oslo = { ...here, own: false, node: 'oslo', conference: conference([member(8), member(9)]) };
    expect(shown({ search: '9@os' }, [here, oslo])).toEqual([9]);
    expect(shown({ search: '@oslo' }, [here, oslo])).toEqual([8, 9]);
    expect(shown({ path: 'bridge', search: '@oslo' }, [here, oslo])).toEqual([]);
    expect(memberPage([here, oslo], { search: '@oslo' })).toMatchObject({ total: 9, matching: 2 });
  });
});

describe('the order', () => {
  it('for people has speakers and moderators first, then raised hands, then the others by joining', () => {
    expect(shown({ order: 'speakers' })).toEqual([3, 5, 4, 2, 1, 6, 7]);
  });

  it('by hands has the first to raise it first, and not one who was not admitted', () => {
    expect(shown({ order: 'hand' })).toEqual([4, 2, 1, 3, 5, 6, 7]);
  });

  it('may be that of names, numbers, joining, talking or loudness', () => {
    expect(shown({ order: 'latest' })).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(shown({ order: 'talking' })).toEqual([4, 1, 2, 3, 5, 6, 7]);
    const callers = [
      { number: '300', name: 'berta' },
      { number: '100', name: '' },
      { number: '', name: 'Anton' },
    ];
    const named = conference(callers.map((caller, index) => member(index + 1, { caller })));
    const part = partOf(named, ({ id }) => [-40, null, -20][id - 1] ?? null);
    expect(shown({ order: 'name' }, [part])).toEqual([3, 1, 2]);
    expect(shown({ order: 'number' }, [part])).toEqual([2, 1, 3]);
    expect(shown({ order: 'level' }, [part])).toEqual([3, 1, 2]);
  });

  it('by hands goes across nodes', () => {
    const oslo = { ...here, own: false, node: 'oslo', conference: conference([member(8, { handRaisedAtMs: 85 })]) };
    expect(shown({ hand: true, order: 'hand' }, [here, oslo])).toEqual([4, 8, 2]);
  });
});

describe('a page', () => {
  it('is a part of what matches, in the order that was asked for', () => {
    expect(shown({ order: 'speakers', limit: 3 })).toEqual([3, 5, 4]);
    expect(shown({ order: 'speakers', limit: 3, page: 3 })).toEqual([7]);
    expect(shown({ role: 'listener', limit: 2, page: 2 })).toEqual([4, 5]);
    expect(memberPage([here], { role: 'listener', limit: 2 })).toMatchObject({ total: 7, matching: 6 });
  });

  it('behind the last one, or of length 0, is empty', () => {
    expect(pageOf([1, 2, 3], { limit: 2, page: 3 })).toEqual([]);
    expect(pageOf([1, 2, 3], { limit: 0 })).toEqual([]);
    expect(pageOf([1, 2, 3], {})).toEqual([1, 2, 3]);
    expect(pageOf([1, 2, 3], { limit: 2, offset: 1 })).toEqual([2, 3]);
  });

  it('has every member once, page after page', () => {
    const pages = [1, 2, 3, 4].map((page) => shown({ limit: 2, page }));
    expect(pages).toEqual([[1, 2], [3, 4], [5, 6], [7]]);
  });

  it('costs a view only for the members on it', () => {
    const asked: number[] = [];
    const levelOf = ({ id }: Member) => {
      asked.push(id);
      return null;
    };
    const crowd = partOf(conference(Array.from({ length: 5000 }, (_, index) => member(index + 1))), levelOf);
    const { members, ...numbers } = viewMembers([crowd], { search: 'caller', order: 'speakers', limit: 3, page: 2 });
    expect(members.map(({ id }) => id)).toEqual([4, 5, 6]);
    expect(numbers).toMatchObject({ total: 5000, matching: 5000, counts: { members: 5000, atDoor: 0 } });
    expect(asked).toEqual([4, 5, 6]);
  });
});
