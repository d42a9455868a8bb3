import type { FlagChanges } from './flags.ts';

/** The members that a command to many is about. */
export type Scope = 'all' | 'non-admins';

/** A sound setting that members and operators change during the call. */
export type Adjustable = 'vadLevel' | 'vadHoldMs' | 'agcLevel' | 'talkVolume' | 'listenVolume';

/** The ranges of sound settings, the same in profiles and for changes during a call. */
export const RANGES = {
  /** Mean amplitude of 16-bit samples. */
  vadLevel: { min: 0, max: 1799 },
  vadHoldMs: { min: 100, max: 10_000 },
  agcLevel: { min: 0, max: 1799 },
  /** Steps of 3 dB. */
  talkVolume: { min: -4, max: 4 },
  listenVolume: { min: -4, max: 4 },
  /** dBov; 0 stands for none. */
  comfortNoise: { min: -80, max: -40 },
  /** In a sound that is played: a day. */
  positionMs: { min: 0, max: 86_400_000 },
} as const;

/** By so much, or to the profile's own value. */
export type Adjustment = { readonly by: number } | 'profile';

export type MemberCommand = OwnMemberCommand & {
  /** The node that the member has called; left out for this one. */
  readonly node?: string | undefined;
};

type OwnMemberCommand =
  | { type: 'set-flags'; memberId: number; changes: FlagChanges }
  /** Removes a member at somebody else's request. */
  | { type: 'kick'; memberId: number }
  /** Ends a member's call at the member's own request. */
  | { type: 'hang-up'; memberId: number }
  | { type: 'adjust'; memberId: number; setting: Adjustable; adjustment: Adjustment }
  | { type: 'raise-hand'; memberId: number; raised: boolean }
  /** Gives the member the floor, and lowers the hand. */
  | { type: 'call-on'; memberId: number }
  /** The member asks the moderators for help, or no longer does. */
  | { type: 'ask-help'; memberId: number; asked: boolean }
  /** Apart from the others, with music; or back. */
  | { type: 'hold'; memberId: number; held: boolean }
  /** The two talk with each other, unheard by the rest. */
  | { type: 'talk-privately'; memberId: number; withMemberId: number }
  /** Both come back to the others. */
  | { type: 'end-private'; memberId: number }
  | { type: 'transfer'; memberId: number; conference: string; profileName: string | null }
  | { type: 'ask-admin-pin'; memberId: number }
  /** Plays to this member alone; texts as in `prompts/media.ts`. */
  | { type: 'play-to-member'; memberId: number; media: readonly string[]; volume?: number | undefined }
  /** Stops this, and prompts. */
  | { type: 'stop-playing-to-member'; memberId: number }
  /** Sends keys to the member's phone (RFC 4733). */
  | { type: 'send-dtmf'; memberId: number; digits: string }
  | { type: 'control-playback-to-member'; memberId: number; operation: PlaybackOperation }
  /** Tells the member that a request has failed. */
  | { type: 'prompt-failure'; memberId: number; prompt: 'invite-failed' | 'denied' }
  /** Tells the member how many members there are. */
  | { type: 'prompt-count'; memberId: number }
  /** Tells the member what the keys do. */
  | { type: 'prompt-keys'; memberId: number }
  /** Tells a web server of the member: POST with JSON. */
  | { type: 'call-webhook'; memberId: number; url: string }
  /** Calls a phone into the conference. */
  | { type: 'invite'; memberId: number; target: string }
  /** Runs an application of the dialplan on the member's channel, after which the member comes back. */
  | { type: 'execute'; memberId: number; application: string; data: string };

export type ConferenceCommand =
  | { type: 'lock'; locked: boolean }
  /** Mutes everybody there is and everybody who joins; null lifts it. */
  | { type: 'mute-all'; audience: Scope | null }
  | { type: 'set-flags-of-all'; audience: Scope; changes: FlagChanges }
  /** The one who joined last, moderators excepted. */
  | { type: 'set-flags-of-last'; changes: FlagChanges }
  | { type: 'kick-last' }
  | { type: 'kick-all'; audience: Scope }
  /** Gives the floor to the member whose hand was raised first. */
  | { type: 'next-hand' }
  /** Makes the member a listener again who was made a speaker last. */
  | { type: 'take-floor-back' }
  | { type: 'lower-hands' }
  | { type: 'play'; media: readonly string[]; volume: number }
  /** Tells everybody how many members there are. */
  | { type: 'announce-count' }
  | { type: 'control-playback'; operation: PlaybackOperation }
  /** Music for everybody on the floor, under what is said. */
  | { type: 'music'; on: boolean }
  | { type: 'record'; name: string | null }
  | { type: 'stop-recording' }
  | { type: 'pause-recording'; paused: boolean }
  | { type: 'terminate' };

export type PlaybackOperation =
  | { type: 'stop' | 'pause' | 'resume' | 'forward' | 'back' | 'restart' }
  | { type: 'volume'; volume: number }
  /** Plays on from there, in the first of several sounds. */
  | { type: 'seek'; positionMs: number };

/** The commands of operators, callers' keys and programs. */
export type Command = MemberCommand | ConferenceCommand;

/** The commands that come from outside, and go to other nodes: some commands the controller alone gives. */
export type ExternalCommand = Exclude<Command, { type: 'prompt-failure' }>;

/** How a command has come: `by` says in words who has given it. `noForward`: another node has found that it is to be done here. */
export type CommandOrigin = { readonly by?: string | undefined; readonly noForward?: boolean };

/** Why a command was not executed. */
export type Refusal =
  | { code: 'no-such-member'; memberId: number }
  /** The floor is full. */
  | { code: 'too-many-speakers'; limit: number }
  /** The state of the conference does not allow it. */
  | { code: 'not-possible'; message: string };
