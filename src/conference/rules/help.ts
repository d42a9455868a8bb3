import type { Member } from '../model/member.ts';
import { broadcast } from './cluster-out.ts';
import type { Transition } from './transition.ts';

/** Members who ask the moderators for help. */

/** Moderators are told at most so often, however many members ask. */
const TELL_EVERY_MS = 30_000;

/** A member asks for help, or no longer does. */
export function askHelp(transition: Transition, member: Member, asked: boolean): void {
  if ((member.helpAskedAtMs !== null) === asked) return;
  if (!asked) {
    endHelp(transition, member);
    return transition.prompt(member, ['help-ended']);
  }
  transition.patch(member.channelId, { helpAskedAtMs: transition.nowMs });
  transition.publish({ type: 'help', memberId: member.id, asked });
  transition.prompt(member, ['help-asked']);
  helpAsked(transition);
  broadcast(transition, { type: 'help-asked' });
}

/** Somebody has come to help the member, if the member has asked for that. */
export function endHelp(transition: Transition, { channelId, id: memberId, helpAskedAtMs }: Member): void {
  if (helpAskedAtMs === null) return;
  transition.patch(channelId, { helpAskedAtMs: null });
  transition.publish({ type: 'help', memberId, asked: false });
}

/** Somebody has asked for help, here or on another node: each node tells its own moderators. */
export function helpAsked(transition: Transition): void {
  const helpDueMs = transition.conference.helpToldAtMs + TELL_EVERY_MS;
  if (transition.nowMs >= helpDueMs) tellModerators(transition);
  else transition.change({ helpDueMs });
}

/** It is time to tell of those who have asked since the moderators were told, unless somebody has helped them all. */
export function helpDue(transition: Transition): void {
  const { helpDueMs, members, remote } = transition.conference;
  if (helpDueMs === null || transition.nowMs < helpDueMs) return;
  if (members.counts.helps + (remote?.helps ?? 0) > 0) tellModerators(transition);
  transition.change({ helpDueMs: null });
}

function tellModerators(transition: Transition): void {
  transition.change({ helpToldAtMs: transition.nowMs });
  for (const moderator of transition.conference.members.where(({ admins }) => admins > 0)) {
    transition.prompt(moderator, ['help-wanted']);
  }
}
