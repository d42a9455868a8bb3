import type { Conference } from './conference.ts';
import { isAdmitted, type Member } from './member.ts';
import { pinDeadlineMs } from './pin-entry.ts';

/** When time alone will change something next; infinity if it never will. */
export function nextDeadlineMs(conference: Conference): number {
  const times = [warningOrEndMs(conference), adminGraceEndsMs(conference)];
  if (conference.status === 'empty' || conference.status === 'ending') times.push(conference.endsAtMs);
  let earliest = Math.min(...times);
  for (const member of conference.members.values()) {
    earliest = Math.min(
      earliest,
      member.keys.deadlineMs,
      member.pinEntry ? pinDeadlineMs(member.pinEntry) : Number.POSITIVE_INFINITY,
      callWarningOrEndMs(conference, member),
    );
  }
  return earliest;
}

/** When the conference's own time is over; infinity without a limit. */
export function conferenceEndsMs({ settings, startedAtMs }: Conference): number {
  const { conferenceMinutes } = settings.profile.limits;
  return conferenceMinutes > 0 ? startedAtMs + conferenceMinutes * 60_000 : Number.POSITIVE_INFINITY;
}

/** When a member's time is over; infinity without a limit. Moderators have none. */
export function callEndsMs({ settings }: Conference, { joinedAtMs, flags }: Member): number {
  const { callMinutes } = settings.profile.limits;
  return callMinutes > 0 && !flags.admin ? joinedAtMs + callMinutes * 60_000 : Number.POSITIVE_INFINITY;
}

/** Only the first of several nodes announces the end; the others hear of it before it is their turn. */
const STAGGER_MS = 500;
const MOST_STAGGERED = 10;

export function staggerMs({ remote }: Conference): number {
  const before = remote ? remote.nodes.filter((node) => node < remote.node).length : 0;
  return Math.min(before, MOST_STAGGERED) * STAGGER_MS;
}

/** When a conference without a moderator ends; infinity if it does not. */
export function adminGraceEndsMs(conference: Conference): number {
  const { settings, status, adminLeftAtMs } = conference;
  if (status !== 'running' || adminLeftAtMs === null) return Number.POSITIVE_INFINITY;
  return adminLeftAtMs + settings.profile.access.adminGraceSeconds * 1000 + staggerMs(conference);
}

export function warningMs({ settings }: Conference): number {
  return settings.profile.limits.warningSeconds * 1000;
}

function warningOrEndMs(conference: Conference): number {
  if (conference.status !== 'running') return Number.POSITIVE_INFINITY;
  const endMs = conferenceEndsMs(conference) + staggerMs(conference);
  return conference.warned || warningMs(conference) === 0 ? endMs : endMs - warningMs(conference);
}

function callWarningOrEndMs(conference: Conference, member: Member): number {
  if (!isAdmitted(member)) return Number.POSITIVE_INFINITY;
  const endMs = callEndsMs(conference, member);
  return member.warned || warningMs(conference) === 0 ? endMs : endMs - warningMs(conference);
}
