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
  const mostAdmins = Math.max(conference.mostAdmins, countAdmins(conference));
  const mandatorySeen = hasMandatory(conference) || (conference.mandatorySeen && !hasLostFlag(before, conference));
  const missing = countMissing({ ...conference, mostAdmins, mandatorySeen });
  // Those who were missing before a restart are so since then.
  const isAnew = before.status !== 'new' && missing > countMissing(before);
  const sinceMs = isAnew ? nowMs : (conference.missingSinceMs ?? nowMs);
  const missingSinceMs = missing > 0 ? sinceMs : null;
  const isKnown = mostAdmins === conference.mostAdmins && mandatorySeen === conference.mandatorySeen;
  if (isKnown && missingSinceMs === conference.missingSinceMs) return;
  transition.change({ mostAdmins, mandatorySeen, missingSinceMs });
}

/** How many members are missing that the conference needs. */
function countMissing(conference: Conference): number {
  const { settings, mostAdmins, mandatorySeen } = conference;
  const { endWithoutAdmin, endWhenAdminLeaves } = settings.profile.access;
  const admins = countAdmins(conference);
  return (
    Number(endWithoutAdmin && admins === 0 && mostAdmins > 0) +
    (endWhenAdminLeaves ? Math.max(0, mostAdmins - admins) : 0) +
    Number(mandatorySeen && !hasMandatory(conference))
  );
}

/** Whether a member who was mandatory is still there, and is so no more. Of other nodes, only sums are known. */
function hasLostFlag(before: Conference, { members, remote }: Conference): boolean {
  for (const { was, is } of members.changesSince(before.members)) {
    if (was?.flags.mandatory && is && isAdmitted(is) && !is.flags.mandatory) return true;
  }
  if (!before.remote || !remote) return false;
  return before.remote.mandatory - remote.mandatory > Math.max(0, before.remote.admitted - remote.admitted);
}
