import type { Conference } from './conference.ts';
import type { Member } from './member.ts';
import type { MemberCounts } from './members.ts';

/** When time alone will change something next; infinity if it never will. */
export function nextDeadlineMs(conference: Conference): number {
  return Math.min(
    warningOrEndMs(conference),
    graceEndsMs(conference),
    desertedEndsMs(conference),
    conference.helpDueMs ?? Number.POSITIVE_INFINITY,
    emptyEndsMs(conference),
    conference.status === 'ending' ? conference.endsAtMs : Number.POSITIVE_INFINITY,
    dueMs(conference, conference.members.counts),
  );
}

/** The first member who is changed now by time alone. */
export function firstDue(conference: Conference, nowMs: number): Member | undefined {
  return conference.members.where((counts) => dueMs(conference, counts) <= nowMs).next().value;
}

/** When time alone will change something about members who count like this. */
function dueMs(conference: Conference, { dtmfDueMs, unwarnedJoinedMs, warnedJoinedMs }: MemberCounts): number {
  const callMs = longestCallMs(conference);
  return Math.min(dtmfDueMs, unwarnedJoinedMs + callMs - warningMs(conference), warnedJoinedMs + callMs);
}

/** When the conference's own time is over, by its limit or because it closes; infinity without either. */
export function conferenceEndsMs({ settings, startedAtMs, closesAtMs }: Conference): number {
  const { conferenceMinutes } = settings.profile.limits;
  return conferenceMinutes > 0 ? Math.min(startedAtMs + conferenceMinutes * 60_000, closesAtMs) : closesAtMs;
}

/**
 * When a conference that is empty is over: nobody has come for its idle time, or its own time is over, so that the next
 * caller finds a new one. Infinity if it is not empty.
 */
export function emptyEndsMs(conference: Conference): number {
  return conference.status === 'empty'
    ? Math.min(conference.endsAtMs, conferenceEndsMs(conference))
    : Number.POSITIVE_INFINITY;
}

/** When a member's time is over; infinity without a limit. Moderators have none. */
export function callEndsMs(conference: Conference, { joinedAtMs, flags }: Member): number {
  return flags.admin ? Number.POSITIVE_INFINITY : joinedAtMs + longestCallMs(conference);
}

function longestCallMs({ settings }: Conference): number {
  const { callMinutes } = settings.profile.limits;
  return callMinutes > 0 ? callMinutes * 60_000 : Number.POSITIVE_INFINITY;
}

/** Only the first of several nodes announces the end; the others hear of it before it is their turn. */
const STAGGER_MS = 500;
const MOST_STAGGERED = 10;

export function staggerMs({ remote }: Conference): number {
  const before = remote ? remote.nodes.filter((node) => node < remote.node).length : 0;
  return Math.min(before, MOST_STAGGERED) * STAGGER_MS;
}

/** When a conference ends that misses a member that it needs; infinity if it does not. */
export function graceEndsMs(conference: Conference): number {
  const { settings, status, missingSinceMs } = conference;
  if (status !== 'running' || missingSinceMs === null) return Number.POSITIVE_INFINITY;
  return missingSinceMs + settings.profile.access.adminGraceSeconds * 1000 + staggerMs(conference);
}

/** When ghosts who are left alone are let go; infinity unless they are, and while a caller is asked for a PIN. */
export function desertedEndsMs(conference: Conference): number {
  const { settings, status, desertedAtMs, members } = conference;
  if (status !== 'running' || desertedAtMs === null || members.counts.pinEntries > 0) return Number.POSITIVE_INFINITY;
  return desertedAtMs + settings.profile.idleSeconds * 1000 + staggerMs(conference);
}

export function warningMs({ settings }: Conference): number {
  return settings.profile.limits.warningSeconds * 1000;
}

function warningOrEndMs(conference: Conference): number {
  if (conference.status !== 'running') return Number.POSITIVE_INFINITY;
  const endMs = conferenceEndsMs(conference) + staggerMs(conference);
  return conference.warned || warningMs(conference) === 0 ? endMs : endMs - warningMs(conference);
}
