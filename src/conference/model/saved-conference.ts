import type { Conference } from './conference.ts';

const SAVED = [
  'startedAtMs',
  'nextMemberId',
  'locked',
  'mutedAll',
  'recording',
  'recorded',
  'musicOn',
  'playback',
  'missingSinceMs',
  'mostAdmins',
  'mandatorySeen',
  'desertedAtMs',
  'warned',
] as const satisfies readonly (keyof Conference)[];

type Saved = Pick<Conference, (typeof SAVED)[number]>;

/**
 * The state of a conference as a whole that outlives the controller: kept in Asterisk as a global variable, as JSON. Members
 * have theirs on their own channels.
 */
export type SavedConference = Saved & {
  /** Why it was ending; null if it was not. */
  readonly ending: 'ENDED' | 'TIME' | null;
};

export function savedConferenceOf(conference: Conference): SavedConference {
  const saved = Object.fromEntries(SAVED.map((key) => [key, conference[key]])) as Saved;
  return { ...saved, ending: conference.status === 'ending' ? conference.result : null };
}
