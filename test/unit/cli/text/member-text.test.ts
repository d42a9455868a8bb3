import { describe, expect, it } from 'vitest';
import { viewMember } from '../../../../src/api/views.ts';
import { membersNamed, memberTable, memberText } from '../../../../src/cli/text/member-text.ts';
import { conference, member, partOf } from '../../api/conferences.ts';

const view = (id: number, levelDbov: number | null) =>
  viewMember(
    partOf(conference(), () => levelDbov),
    member(id),
  );

describe('the members that a person means', () => {
  const named = (who: string) => membersNamed(who, members).map(({ id }) => id);
  const members = [
    { ...view(1, null), caller: { number: '+49301737', name: 'Ann 7' } },
    { ...view(2, null), caller: { number: '1007', name: 'Annabel' } },
    { ...view(3, null), caller: { number: '+4930', name: 'Bert' } },
  ];

  it('have the phone number or the name, or a part of the name', () => {
    expect(named('1007')).toEqual([2]);
    expect(named('+4930')).toEqual([3]);
    expect(named('bert')).toEqual([3]);
    expect(named('ANN')).toEqual([1, 2]);
  });

  it('are none for a part of a phone number, nor for the number of a member who is gone', () => {
    for (const who of ['7', '7@lyon', '100', '+49301', '37']) expect(named(who)).toEqual([]);
  });
});

describe('how loud a member is', () => {
  it('is a column of the table where somebody is measured', () => {
    const [head, first, second] = memberTable([view(1, -20.6), view(2, null)], 200).split('\n');
    expect(head).toMatch(/ TALKS +LEVEL +HAND /);
    expect(first).toContain(' -21 dBov ');
    expect(second).not.toContain('dBov');
    expect(memberTable([view(1, null), view(2, null)], 200)).not.toContain('LEVEL');
  });

  it('is a line of the status', () => {
    expect(memberText({ ...view(1, -20.6), media: null }, 200)).toMatch(/^level +-21 dBov$/m);
    expect(memberText({ ...view(1, null), media: null }, 200)).toMatch(/^level +not measured$/m);
  });
});
