import type { Command, Scope } from './commands.ts';
import type { Member } from './member.ts';
import { Members } from './members.ts';
import type { Playback } from './playback.ts';
import type { RemoteView } from './remote.ts';
import type { ConferenceSettings } from './settings.ts';

/** The settings in force. */
export type Settings = {
  readonly profileName: string;
  readonly profile: ConferenceSettings;
  readonly controls: Controls;
  readonly adminControls: Controls;
};

/** The actions of the telephone keys. */
export type Controls = {
  /** How long to wait for the next digit where a longer sequence is still possible. */
  readonly pauseSeconds: number;
  /** Digits are passed on to the other members, those with an action too. */
  readonly passThrough: boolean;
  /** By sequence of digits. */
  readonly keys: Readonly<Record<string, readonly DtmfAction[]>>;
};

/** The action of a key sequence, parsed from its text in a controls profile. */
export type DtmfAction = {
  /** What the key does, in words for callers. */
  readonly summary: string;
  /** The member is asked before, and confirms with another key. */
  readonly asks: boolean;
  /** The commands to the conference that pressing the key means for this member. */
  readonly commandsOf: (member: Member, conference: Conference) => Command[];
};

export type Recording = {
  /** The name of the file without its format; a restarted recording gets a new one. */
  readonly name: string;
  /** Counts its files: from 2 on, the name ends with it. */
  readonly number: number;
  /** Somebody has named it, and no other name will do. */
  readonly chosen: boolean;
  readonly format: string;
  readonly startedAtMs: number;
  readonly paused: boolean;
  /** How often it has stopped by itself and was started again. */
  readonly restarts: number;
};

type Common = {
  readonly name: string;
  readonly settings: Settings;
  readonly startedAtMs: number;
  readonly nextMemberId: number;
  /** Bounded by the calls that Asterisk admits. */
  readonly members: Members;
  readonly locked: boolean;
  /** Members who join are muted too; null if nobody is. */
  readonly mutedAll: Scope | null;
  readonly playback: Playback | null;
  readonly recording: Recording | null;
  /** The recording that was stopped last: should Asterisk have missed that, it is told again. */
  readonly stoppedRecording: string | null;
  /** Somebody has seen to recording already, so that it does not begin by itself again. */
  readonly recorded: boolean;
  /** How many playbacks there have been. */
  readonly playbacks: number;
  readonly musicOn: boolean;
  /** Since when a member is missing that the conference needs, so that it ends after the grace time; null if none is. */
  readonly missingSinceMs: number | null;
  /** The calls of moderators here whose number another moderator here has as well, such as one who has redialled. */
  readonly doubledAdmins: number;
  /** The most moderators that there have been at once, those with one number as one. */
  readonly mostAdmins: number;
  readonly mandatorySeen: boolean;
  /** Since when nobody but ghosts is left, who are let go after the idle time; null while, and until, others are there. */
  readonly desertedAtMs: number | null;
  /** When the moderators here are told next that somebody asks for help; null if they need not be told. */
  readonly helpDueMs: number | null;
  /** When they were told last. */
  readonly helpToldAtMs: number;
  /** When its opening times end it; infinity where they do not. */
  readonly closesAtMs: number;
  /** Members have been told that the conference's time is nearly over. */
  readonly warned: boolean;
  /** Its parts on other nodes; null where there can be none. */
  readonly remote: RemoteView | null;
};

export type Conference =
  /** Nothing exists in Asterisk yet. */
  | (Common & { readonly status: 'new' })
  | (Common & { readonly status: 'running' })
  /** Members hear that it ends. */
  | (Common & { readonly status: 'ending'; readonly result: 'ENDED' | 'TIME'; readonly endsAtMs: number })
  /** Nobody is left; it ends after its idle time unless somebody comes. */
  | (Common & { readonly status: 'empty'; readonly endsAtMs: number })
  | (Common & { readonly status: 'ended' });

export function newConference(name: string, settings: Settings, nowMs: number): Conference {
  return {
    status: 'new',
    name,
    settings,
    startedAtMs: nowMs,
    nextMemberId: 1,
    members: Members.NONE,
    locked: false,
    mutedAll: null,
    playback: null,
    recording: null,
    stoppedRecording: null,
    recorded: false,
    playbacks: 0,
    musicOn: false,
    missingSinceMs: null,
    doubledAdmins: 0,
    mostAdmins: 0,
    mandatorySeen: false,
    desertedAtMs: null,
    helpDueMs: null,
    helpToldAtMs: Number.NEGATIVE_INFINITY,
    closesAtMs: Number.POSITIVE_INFINITY,
    warned: false,
    remote: null,
  };
}

/**
 * The members of a conference that has become another one, each with what they were.
 * @param all also those who are as they were
 */
export function* changedMembers(
  before: Conference,
  { members }: Conference,
  all: boolean,
): Generator<readonly [was: Member | undefined, is: Member], undefined> {
  if (all) {
    for (const is of members.values()) yield [before.members.get(is.channelId), is];
    return undefined;
  }
  for (const { is } of members.changesSince(before.members)) {
    // A call may have a new number.
    if (is) yield [before.members.get(is.channelId), is];
  }
}

/** Those who have been admitted, here and on all other nodes, without ghosts. */
export function countMembers(conference: Conference): number {
  const { admitted, ghosts } = conference.members.counts;
  return admitted - ghosts + countElsewhere(conference);
}

/** Those who have been admitted on all other nodes, without ghosts. */
export function countElsewhere({ remote }: Conference): number {
  return remote ? remote.admitted - remote.ghosts : 0;
}

export function countSpeakers(conference: Conference): number {
  return conference.members.counts.speakers + (conference.remote?.speakers ?? 0);
}

export function isFloorFull(conference: Conference): boolean {
  return countSpeakers(conference) >= conference.settings.profile.limits.speakers;
}

export function countAdmins(conference: Conference): number {
  return conference.members.counts.admins + (conference.remote?.admins ?? 0);
}

export function hasAdmin(conference: Conference): boolean {
  return countAdmins(conference) > 0;
}

export function hasMandatory(conference: Conference): boolean {
  return conference.members.counts.mandatory + (conference.remote?.mandatory ?? 0) > 0;
}

/** Members of this node with a raised hand, in the order in which they raised it. */
export function raisedHands(conference: Conference): Member[] {
  return [...conference.members.where(({ hands }) => hands > 0)].sort(
    (a, b) => (a.handRaisedAtMs ?? 0) - (b.handRaisedAtMs ?? 0) || a.id - b.id,
  );
}

export function controlsOf({ settings }: Conference, member: Member): Controls {
  return member.flags.admin ? settings.adminControls : settings.controls;
}
