import type { ConferenceProfile, ControlsProfile } from '../profiles/schema.ts';
import type { Member } from './member.ts';

/** The settings in force, fixed when the conference starts. */
export type Settings = {
  readonly profileName: string;
  readonly profile: ConferenceProfile;
  readonly controls: ControlsProfile;
};

type Common = {
  readonly name: string;
  readonly settings: Settings;
  readonly startedAtMs: number;
  readonly nextMemberId: number;
  /** By channel id, in order of joining. Bounded by the calls that Asterisk admits. */
  readonly members: ReadonlyMap<string, Member>;
};

export type Conference =
  /** Nothing exists in Asterisk yet. */
  | (Common & { readonly status: 'new' })
  | (Common & { readonly status: 'running' })
  /** Nobody is left; it ends after its idle time unless somebody comes. */
  | (Common & { readonly status: 'empty'; readonly endsAtMs: number })
  | (Common & { readonly status: 'ended' });

export function newConference(name: string, settings: Settings, nowMs: number): Conference {
  return { status: 'new', name, settings, startedAtMs: nowMs, nextMemberId: 1, members: new Map() };
}

export function findMember(conference: Conference, memberId: number): Member | undefined {
  for (const member of conference.members.values()) if (member.id === memberId) return member;
  return undefined;
}

/** The same conference with this member added or replaced. */
export function withMember(conference: Conference, member: Member): Conference {
  return { ...conference, members: new Map(conference.members).set(member.channelId, member) };
}
