import { type Collector, IDLE } from '../../dtmf/collector.ts';
import type { Adjustable } from './commands.ts';
import type { MemberFlags } from './flags.ts';
import type { PinEntry } from './pin-entry.ts';
import type { Playback } from './playback.ts';

/** The caller, as the telephone network names them; number and name may be empty. */
export type Caller = {
  readonly number: string;
  readonly name: string;
  /** The language of prompts to this caller, where that is not the language of the conference. */
  readonly language?: string;
};

/** A place in the dialplan. */
export type Extension = { readonly context: string; readonly extension: string };

/** Where a member is: in exactly one place. */
export type Place =
  /** Asked for a PIN; not admitted yet. */
  | { readonly at: 'door' }
  /** Admitted, and saying a name. */
  | { readonly at: 'naming' }
  /** Admitted, and told about it before being connected. */
  | { readonly at: 'greeting' }
  /** Admitted, waiting with music for a moderator. */
  | { readonly at: 'waiting' }
  /** On the way to the floor bridge. */
  | { readonly at: 'arriving' }
  /** In the floor bridge, as speaker or in the audience. */
  | { readonly at: 'floor' }
  /** Apart from the others, with music. */
  | { readonly at: 'hold' }
  /** Talking with one other member, unheard by the rest. Both have the same room. */
  | { readonly at: 'private'; readonly room: number }
  /** In an application of the dialplan, from which the member comes back. */
  | { readonly at: 'away' }
  /** Told good-bye, then released; only the call remains. */
  | {
      readonly at: 'leaving';
      readonly result: Result;
      /** Nobody was told that the member came. */
      readonly unnoticed?: true;
      /** The call is in an application of the dialplan, and can be released only when it is back. */
      readonly away?: true;
      /** Where in the dialplan the call goes on; without it, behind the `Stasis()` that it came through. */
      readonly to?: Extension;
    };

/**
 * How a member hears the conference as a listener: from the relay, which passes the call's RTP and knows its codec; or, for
 * the reason given, from the floor bridge in Asterisk.
 */
export type Path = { readonly at: 'relay' } | { readonly at: 'bridge'; readonly reason: string };

/** Why a member left: the value of the variable `ROSTRUM_RESULT` in the dialplan afterwards. */
export type Result = (typeof RESULTS)[number];

export const RESULTS = ['HANGUP', 'KICKED', 'PIN', 'LOCKED', 'FULL', 'TIME', 'ENDED', 'FAILED', 'TRANSFERRED'] as const;

/** Sound settings of a member that differ from those of the profile. */
export type Adjusted = { readonly [Setting in Adjustable]?: number | undefined };

/** A key sequence that has been dialled, and counts once the member confirms it in time. */
export type Confirming = { readonly sequence: string; readonly deadlineMs: number };

/** How soon after a number or a name that was complete its `#` may come. */
export const IGNORE_HASH_MS = 3000;

/** One phone call in a conference. */
export type Member = {
  /** Short number, unique within the conference for its whole life. */
  readonly id: number;
  readonly channelId: string;
  readonly caller: Caller;
  readonly joinedAtMs: number;
  readonly flags: MemberFlags;
  /** Muted by the member's own key, or by a command about this member alone: `unmute-all` leaves that as it is. */
  readonly ownMute: boolean;
  readonly place: Place;
  readonly path: Path;
  readonly adjusted: Adjusted;
  /** When the hand was raised; null while it is down. */
  readonly handRaisedAtMs: number | null;
  /** When the member asked for help; null for a member who does not need any. */
  readonly helpAskedAtMs: number | null;
  /** When the member was made a speaker; null for listeners, and for members who joined as speakers. */
  readonly floorGivenAtMs: number | null;
  readonly talking: boolean;
  /** When the member was told that nobody hears them; minus infinity if never. */
  readonly toldMutedAtMs: number;
  /** The phone has put the call on hold: what it sends is its music, and not for the others. */
  readonly phoneHold: boolean;
  readonly dtmf: Collector;
  /** The key sequence that the member has been asked about; null if none. */
  readonly confirming: Confirming | null;
  /** The name as the member has said it: a recording of Asterisk. */
  readonly spokenName: string | null;
  /** While the member reviews this name: when it counts even so. Null otherwise. */
  readonly reviewDueMs: number | null;
  /** What a command plays to this member alone. */
  readonly playback: Playback | null;
  /** Set while the digits are those of a PIN. */
  readonly pinEntry: PinEntry | null;
  /** Until then `#` counts as the end of a number that was complete without it. */
  readonly ignoreHashUntilMs: number;
  /** The member has been told that the time is nearly over. */
  readonly warned: boolean;
};

type Known = Pick<Member, 'id' | 'channelId' | 'caller' | 'joinedAtMs' | 'flags' | 'place' | 'path'>;

/** A member of whose past nothing else is known. */
export function newMember(known: Known & Partial<Member>): Member {
  return {
    ownMute: false,
    adjusted: {},
    handRaisedAtMs: null,
    helpAskedAtMs: null,
    floorGivenAtMs: null,
    talking: false,
    toldMutedAtMs: Number.NEGATIVE_INFINITY,
    phoneHold: false,
    dtmf: IDLE,
    confirming: null,
    spokenName: null,
    reviewDueMs: null,
    playback: null,
    pinEntry: null,
    ignoreHashUntilMs: 0,
    warned: false,
    ...known,
  };
}

/** Whether a member counts: past the door, and not yet told good-bye. */
export function isAdmitted({ place }: Member): boolean {
  return place.at !== 'door' && place.at !== 'leaving';
}

/** Whether the member's call is in the hands of the dialplan, from which it comes back. */
export function isAway({ place }: Member): boolean {
  return place.at === 'away' || (place.at === 'leaving' && place.away === true);
}
