import { type Conference, countAdmins, hasMandatory } from '../model/conference.ts';
import { isAdmitted, isAway } from '../model/member.ts';
import { broadcast } from './cluster-out.ts';
import { leave, left } from './leaving.ts';
import { namePrefix, stopPlayback } from './playback.ts';
import type { Transition } from './transition.ts';

/** How long the announcement of the end may take before members are released regardless. */
export const END_ANNOUNCEMENT_MS = 10_000;

/** Ends the conference: members hear why, and are released. */
export function terminate(
  transition: Transition,
  result: 'ENDED' | 'TIME',
  prompt: 'conference-ending' | 'admin-left' = 'conference-ending',
): void {
  const { conference } = transition;
  if (conference.status === 'empty' || conference.status === 'running')
    broadcast(transition, { type: 'terminate', result });
  if (conference.status === 'empty') return endEmpty(transition, result);
  if (conference.status !== 'running') return;
  beginToEnd(transition, result);
  transition.announce([prompt], { nextStep: 'end' });
}

/** Nobody has to be told. */
export function endEmpty(transition: Transition, result: 'ENDED' | 'TIME'): void {
  transition.publish({ type: 'ending', result });
  finish(transition);
}

/** Members are released when they have heard that it ends. */
export function beginToEnd(transition: Transition, result: 'ENDED' | 'TIME'): void {
  const { conference, nowMs } = transition;
  transition.become({ ...conference, status: 'ending', result, endsAtMs: nowMs + END_ANNOUNCEMENT_MS });
  transition.publish({ type: 'ending', result });
}

/** Everybody goes, on every node. */
export function releaseAll(transition: Transition): void {
  if (transition.conference.status === 'ending') broadcast(transition, { type: 'release' });
  letAllGo(transition);
}

/** Everybody here goes. */
export function letAllGo(transition: Transition): void {
  const { conference } = transition;
  if (conference.status !== 'ending') return;
  transition.become({ ...conference, endsAtMs: Number.POSITIVE_INFINITY });
  for (const member of transition.members) {
    leave(transition, member, conference.result);
    const current = transition.conference.members.get(member.channelId);
    // Nobody knows when the member comes back from the dialplan; then the call goes on there.
    if (current && isAway(current)) left(transition, current);
  }
}

export function finish(transition: Transition): void {
  stopPlayback(transition);
  const { conference } = transition;
  if (conference.recording) transition.do({ type: 'stop-recording', name: conference.recording.name });
  transition.become({ ...conference, status: 'ended', recording: null });
  transition.do({ type: 'close-floor' });
  if (transition.profile.sound.announce === 'name')
    transition.do({ type: 'delete-names', prefix: namePrefix(conference) });
  transition.publish({ type: 'ended' });
}

/**
 * Notes that a member is missing that the conference needs, or is back: after the grace time, `tick` in `timers.ts`
 * ends it. The time begins again with each one more that is missing.
 * @param before the conference before the transition
 */
export function watchNeeded(before: Conference, transition: Transition): void {
  const { conference, nowMs } = transition;
  const doubledAdmins = countDoubledAdmins(before, conference);
  const mostAdmins = Math.max(conference.mostAdmins, countModerators({ ...conference, doubledAdmins }));
  const mandatorySeen = hasMandatory(conference) || (conference.mandatorySeen && !hasLostFlag(before, conference));
  const missing = countMissing({ ...conference, doubledAdmins, mostAdmins, mandatorySeen });
  // Those who were missing before a restart are so since then.
  const isAnew = before.status !== 'new' && missing > countMissing(before);
  const sinceMs = isAnew ? nowMs : (conference.missingSinceMs ?? nowMs);
  const missingSinceMs = missing > 0 ? sinceMs : null;
  const watched = { doubledAdmins, mostAdmins, mandatorySeen, missingSinceMs };
  const keys = Object.keys(watched) as (keyof typeof watched)[];
  if (keys.some((key) => watched[key] !== conference[key])) transition.change(watched);
}

/** How many members are missing that the conference needs. */
function countMissing(conference: Conference): number {
  const { settings, mostAdmins, mandatorySeen } = conference;
  const { endWithoutAdmin, endWhenAdminLeaves } = settings.profile.access;
  const admins = countModerators(conference);
  return (
    Number(endWithoutAdmin && admins === 0 && mostAdmins > 0) +
    (endWhenAdminLeaves ? Math.max(0, mostAdmins - admins) : 0) +
    Number(mandatorySeen && !hasMandatory(conference))
  );
}

/** Moderators on all nodes; those of one node with one number are one, whose former call may have lost its network. */
function countModerators(conference: Conference): number {
  return countAdmins(conference) - conference.doubledAdmins - (conference.remote?.doubledAdmins ?? 0);
}

/** Costs something only where a moderator has changed, and it matters. */
function countDoubledAdmins(before: Conference, { settings, members, doubledAdmins }: Conference): number {
  if (!settings.profile.access.endWhenAdminLeaves) return 0;
  const changed = [...members.changesSince(before.members)];
  if (before.settings === settings && !changed.some(({ was, is }) => was?.flags.admin || is?.flags.admin))
    return doubledAdmins;
  const known = [...members.where(({ admins }) => admins > 0)].flatMap(({ caller: { number } }) =>
    /\d/.test(number) ? [number] : [],
  );
  return known.length - new Set(known).size;
}

/** Whether a member who was mandatory is still there, and is so no more. Of other nodes, only sums are known. */
function hasLostFlag(before: Conference, { members, remote }: Conference): boolean {
  for (const { was, is } of members.changesSince(before.members)) {
    if (was?.flags.mandatory && is && isAdmitted(is) && !is.flags.mandatory) return true;
  }
  if (!before.remote || !remote) return false;
  return before.remote.mandatory - remote.mandatory > Math.max(0, before.remote.admitted - remote.admitted);
}
