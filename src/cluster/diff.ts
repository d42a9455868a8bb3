import { equals } from '../base/equals.ts';
import type { Conference } from '../conference/model/conference.ts';
import type { Member } from '../conference/model/member.ts';
import { Members } from '../conference/model/members.ts';
import type { Change } from './messages.ts';
import { conferenceRecordOf, recordOf } from './record.ts';

/**
 * The changes to a conference that the other nodes must learn: few where little has changed. Only the members who have
 * changed are looked at, since there may be thousands.
 * @param before the conference as the other nodes know it; null if they do not
 * @param after null if it has ended
 */
export function changesBetween(before: Conference | null, after: Conference | null): Change[] {
  const was = before && conferenceRecordOf(before);
  const is = after && conferenceRecordOf(after);
  if (!after || !is) return was ? [{ type: 'ended', conference: was.name }] : [];
  // A new conference of the same name begins with number 1 again.
  if (before && was && was.startedAtMs !== is.startedAtMs) {
    return [{ type: 'ended', conference: is.name }, ...changesBetween(null, after)];
  }
  const changes: Change[] = [];
  if (!was || !equals(was, is)) changes.push({ type: 'conference', record: is });
  const known = before && was ? before.members : Members.NONE;
  for (const { was: old, is: member } of after.members.changesSince(known)) {
    if (member) changes.push(...changesOf(is.name, old, member));
    // A member whose call was replaced by another one has not left.
    else if (old && !after.members.byId(old.id)) changes.push({ type: 'left', conference: is.name, memberId: old.id });
  }
  return changes;
}

function changesOf(conference: string, was: Member | undefined, is: Member): Change[] {
  if (was === is) return [];
  const { id: memberId, talking } = is;
  const member = recordOf(is);
  if (was && equals({ ...recordOf(was), talking }, member)) {
    return was.talking === talking ? [] : [{ type: 'talking', conference, memberId, talking }];
  }
  return [{ type: 'member', conference, member }];
}
