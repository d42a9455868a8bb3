import type { Command, MemberCommand } from '../conference/commands.ts';
import type { Conference } from '../conference/conference.ts';
import type { Member } from '../conference/member.ts';
import { conferenceNamed, memberNumbered, type RouteDeps } from './deps.ts';
import type { CommandResponse, MemberView } from './schemas.ts';
import { type LevelOf, viewConference, viewMember } from './views.ts';

type Controller = RouteDeps['controller'];

/**
 * Has a command carried out.
 * @returns the member it is about as it has left him, or the conference
 * @throws ControllerError
 */
export async function sendCommand(controller: Controller, name: string, command: Command): Promise<CommandResponse> {
  const before = conferenceNamed(controller, name);
  const member = 'memberId' in command ? memberNumbered(before, command.memberId) : null;
  await controller.command(name, command);
  const levelOf: LevelOf = (member) => controller.levelDbovOf(member);
  const after = controller.conferences.get(name);
  const left = member && after?.members.get(member.channelId);
  if (after && left) return { member: viewMember(after, left, levelOf) };
  return { conference: viewConference(after ?? ended(before), levelOf) };
}

/** As `sendCommand`, for those who want to see the member even where he has gone. */
export async function sendMemberCommand(
  controller: Controller,
  name: string,
  command: MemberCommand,
): Promise<MemberView> {
  const before = conferenceNamed(controller, name);
  const member = memberNumbered(before, command.memberId);
  const response = await sendCommand(controller, name, command);
  if ('member' in response) return response.member;
  const gone: Member = { ...member, place: { at: 'leaving', result: 'KICKED' }, talking: false };
  return viewMember(before, gone, () => null);
}

function ended(before: Conference): Conference {
  return { ...before, status: 'ended', members: new Map(), playback: null, recording: null };
}
