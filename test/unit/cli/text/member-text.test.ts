import { describe, expect, it } from 'vitest';
import { viewMember } from '../../../../src/api/views.ts';
import { memberTable, memberText } from '../../../../src/cli/text/member-text.ts';
import { conference, member, partOf } from '../../api/conferences.ts';

const view = (id: number, levelDbov: number | null) =>
  viewMember(
    partOf(conference(), () => levelDbov),
    member(id),
  );

describe('how loud a member is', () => {
  it('is a column of the table where somebody is measured', () => {
    const [head, first, second] = memberTable([view(1, -20.6), view(2, null)], 200).split('\n');
    expect(head).toMatch(/ TALKS +LEVEL +HAND /);
    expect(first).toContain(' -21 dBov ');
    expect(second).not.toContain('dBov');
    expect(memberTable([view(1, null), view(2, null)], 200)).not.toContain('LEVEL');
  });

  it('is a line of the status', () => {
    expect(memberText({ ...view(1, -20.6), media: null })).toMatch(/^level +-21 dBov$/m);
    expect(memberText({ ...view(1, null), media: null })).toMatch(/^level +not measured$/m);
  });
});
