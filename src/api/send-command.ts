import type { ExternalCommand, MemberCommand } from '../conference/model/commands.ts';
import { Members } from '../conference/model/members.ts';
import { type ConferencePart, conferenceNamed, memberAt, partsOf, type RouteDeps } from './deps.ts';
import type { CommandResponse, MemberQuery, MemberView } from './schemas.ts';
import { viewConference, viewMember } from './views.ts';

/**
 * Has a command executed.
 * @param query which members the view of the conference has, all unless given
 * @returns the member that it is about, after the command; or the conference
 * @throws ControllerError
 */
export async function sendCommand(
  deps: RouteDeps,
  name: string,
  command: ExternalCommand,
  query?: MemberQuery,
): Promise<CommandResponse> {
  const before = conferenceNamed(deps, name);
  const about = 'memberId' in command ? memberAt(deps, before, command) : null;
  await deps.controller.command(name, command);
  const after = partsOf(deps, name);
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
): Promise<MemberView> {
  const { member, ...part } = memberAt(deps, conferenceNamed(deps, name), command);
  const response = await sendCommand(deps, name, command);
  if ('member' in response) return response.member;
  return viewMember(part, { ...member, place: { at: 'leaving', result: 'KICKED' }, talking: false });
}

function ended({ conference, ...part }: ConferencePart): ConferencePart {
  return {
    ...part,
    conference: { ...conference, status: 'ended', members: Members.NONE, playback: null, recording: null },
  };
}
