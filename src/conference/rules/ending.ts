import { countAdmins, hasMandatory } from '../model/conference.ts';
import { isAway } from '../model/member.ts';
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
 * ends it.
 */
export function watchNeeded(transition: Transition): void {
  const { conference, nowMs } = transition;
  const { endWithoutAdmin, endWhenAdminLeaves } = transition.profile.access;
  const admins = countAdmins(conference);
  const mostAdmins = Math.max(conference.mostAdmins, admins);
  const mandatorySeen = conference.mandatorySeen || hasMandatory(conference);
  const isMissing =
    (endWithoutAdmin && admins === 0 && mostAdmins > 0) ||
    (endWhenAdminLeaves && admins < mostAdmins) ||
    (mandatorySeen && !hasMandatory(conference));
  const missingSinceMs = isMissing ? (conference.missingSinceMs ?? nowMs) : null;
  const isKnown = mostAdmins === conference.mostAdmins && mandatorySeen === conference.mandatorySeen;
  if (isKnown && missingSinceMs === conference.missingSinceMs) return;
  transition.change({ mostAdmins, mandatorySeen, missingSinceMs });
}
