import type { Conference } from './conference.ts';

/**
 * The state of a conference as a whole that outlives the controller: kept in Asterisk as a global variable, as JSON. Members
 * have theirs on their own channels.
 */
export type SavedConference = Pick<
  Conference,
  | 'startedAtMs'
  | 'nextMemberId'
  | 'locked'
  | 'mutedAll'
  | 'recording'
  | 'recorded'
  | 'musicOn'
  | 'playback'
  | 'adminLeftAtMs'
  | 'adminSeen'
  | 'warned'
> & {
  /** Why it was ending; null if it was not. */
  readonly ending: 'ENDED' | 'TIME' | null;
};

export function savedConferenceOf(conference: Conference): SavedConference {
  const { startedAtMs, nextMemberId, locked, mutedAll, recording, recorded, musicOn, playback } = conference;
  const { adminLeftAtMs, adminSeen, warned } = conference;
  return {
    startedAtMs,
    nextMemberId,
    locked,
    mutedAll,
    recording,
    recorded,
    musicOn,
    playback,
    adminLeftAtMs,
    adminSeen,
    warned,
    ending: conference.status === 'ending' ? conference.result : null,
  };
}
