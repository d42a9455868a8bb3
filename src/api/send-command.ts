import type { ExternalCommand, MemberCommand } from '../conference/model/commands.ts';
import type { Member } from '../conference/model/member.ts';
import type { Meant } from '../conference/model/member-address.ts';
import { Members } from '../conference/model/members.ts';
import { type ConferencePart, conferenceNamed, findMember, memberAt, partsOf, type RouteDeps } from './deps.ts';
import type { CommandResponse, MemberQuery, MemberView } from './schemas.ts';
import { viewConference, viewMember } from './views.ts';

/**
 * Has a command executed.
 * @param options.by who has given it, in words
 * @param options.query which members the view of the conference has, all unless given
 * @returns the member that it is about or has turned out to mean, after the command; or the conference
 * @throws ControllerError
 */
export async function sendCommand(
  deps: RouteDeps,
  name: string,
  command: ExternalCommand,
  { by, query }: { by: string; query?: MemberQuery },
): Promise<CommandResponse> {
  const before = conferenceNamed(deps, name);
  const named = 'memberId' in command ? memberAt(deps, before, command) : null;
  const meant = await deps.controller.command(name, command, by);
  if (meant && meant.conference !== name) {
    const there = memberIn(deps, meant);
    if (there) return { member: viewMember(there, there.member), movedTo: meant.conference };
  }
  const after = partsOf(deps, name);
  // It is done even if another node means a member that this one does not know.
  const about = named ?? (meant && (memberIn(deps, meant) ?? findMember(deps, before, meant)));
  // A member that the command did not name is shown even if gone by now.
  if (about && !named && !after.some((part) => part.conference.members.has(about.member.channelId))) {
    return { member: viewGone(about) };
  }
  const part = about && after.find(({ node }) => node === about.node);
  const left = part?.conference.members.get(about?.member.channelId ?? '');
  if (part && left) return { member: viewMember(part, left) };
  return { conference: viewConference(after.length > 0 ? after : before.map(ended), query) };
}

/** As `sendCommand`, but the answer is the member even if gone. */
export async function sendMemberCommand(
  deps: RouteDeps,
  name: string,
  command: MemberCommand & ExternalCommand,
  by: string,
): Promise<MemberView> {
  const about = memberAt(deps, conferenceNamed(deps, name), command);
  const response = await sendCommand(deps, name, command, { by });
  return 'member' in response ? response.member : viewGone(about);
}

function memberIn(deps: RouteDeps, { conference, ...address }: Meant): (ConferencePart & { member: Member }) | null {
  return findMember(deps, partsOf(deps, conference), address);
}

function viewGone({ member, ...part }: ConferencePart & { member: Member }): MemberView {
  return viewMember(part, { ...member, place: { at: 'leaving', result: 'KICKED' }, talking: false });
}

function ended({ conference, ...part }: ConferencePart): ConferencePart {
  return {
    ...part,
    conference: { ...conference, status: 'ended', members: Members.NONE, playback: null, recording: null },
  };
}
