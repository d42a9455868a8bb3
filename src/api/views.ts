import type { Conference } from '../conference/conference.ts';
import type { Member } from '../conference/member.ts';
import type { ConferenceSummary, ConferenceView, MemberView } from './schemas.ts';

/** What the API shows of the state. */

export function viewMember(member: Member): MemberView {
  const { id, caller, flags, presence, joinedAtMs, channelId } = member;
  return {
    id,
    caller,
    role: flags.speaker ? 'speaker' : 'listener',
    admin: flags.admin,
    mute: flags.mute,
    deaf: flags.deaf,
    presence,
    joinedAt: new Date(joinedAtMs).toISOString(),
    channel: channelId,
  };
}

export function viewConference(conference: Conference): ConferenceView {
  const { members: _, ...summary } = summarize(conference);
  return { ...summary, members: [...conference.members.values()].map(viewMember) };
}

export function summarize({ name, settings, status, members, startedAtMs }: Conference): ConferenceSummary {
  return {
    name,
    profile: settings.profileName,
    status: status === 'empty' ? 'empty' : 'running',
    members: members.size,
    speakers: [...members.values()].filter((member) => member.flags.speaker).length,
    startedAt: new Date(startedAtMs).toISOString(),
  };
}
