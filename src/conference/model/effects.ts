import type { Sounds } from '../../prompts/prompt-sounds.ts';
import type { ChannelSetup, ChannelSetupKey } from './channel-setup.ts';
import type { Recording } from './conference.ts';
import type { ConferenceEvent } from './events.ts';
import type { FlagChanges } from './flags.ts';
import type { FloorLeg } from './floor-leg.ts';
import type { NextStep } from './inputs.ts';
import type { Caller, Extension, Path, Result } from './member.ts';
import type { Playback, PlaybackControl } from './playback.ts';
import type { ClusterTelling } from './remote.ts';
import type { SavedConference } from './saved-conference.ts';
import type { SavedMember } from './saved-member.ts';

/** Effects on one channel are executed in order, those on different channels at the same time. */
export type ChannelEffect =
  /** Set the channel up like this; only `changed` differs from how it is. */
  | { type: 'configure-channel'; channelId: string; to: ChannelSetup; changed: readonly ChannelSetupKey[] }
  | { type: 'save-member'; channelId: string; member: SavedMember }
  /**
   * Play to this caller alone. `over`: Asterisk mixes it into what it sends to the caller; otherwise it is all that
   * Asterisk sends. With a `nextStep`, a `heard` input follows, whatever becomes of it; with `wait`, later effects on
   * the channel are held back until then.
   */
  | { type: 'play-to'; channelId: string; sounds: Sounds; over: boolean; nextStep?: NextStep; wait?: true }
  /** Play this to the member besides all else; a `playback-to-member-ended` input follows. */
  | { type: 'play-to-member'; channelId: string; playback: Playback; sounds: Sounds; fromMs?: number }
  /** Record up to 5 s of what the caller says, until `#`; a `named` input follows. */
  | { type: 'record-name'; channelId: string; name: string }
  /** Send keys to this phone. */
  | { type: 'send-dtmf'; channelId: string; digits: string }
  /** Stop what is being played to this caller, without waiting for what else is to be done. */
  | { type: 'hush'; channelId: string }
  /** Give the call back to the dialplan, which learns the result. */
  | { type: 'release'; channelId: string; result: Result; to?: Extension }
  /** Run an application of the dialplan; the channel comes back with `returned`. */
  | { type: 'execute'; channelId: string; application: string; data: string };

export type ConferenceEffect =
  /** Create the floor bridge; harmless if it exists. */
  | { type: 'open-floor' }
  | { type: 'close-floor' }
  | { type: 'close-room'; room: number }
  /** Delete the names that members have said: recordings that begin like this. */
  | { type: 'delete-names'; prefix: string }
  /** Play something short to everybody on the floor; `once`: unless one of the same kind waits or plays. */
  | { type: 'announce'; sounds: Sounds; nextStep?: 'end'; once?: 'count' }
  /** Do not play those that have not begun: nobody is left to hear them. */
  | { type: 'drop-announcements' }
  | { type: 'play'; playback: Playback; sounds: Sounds; fromMs?: number }
  | { type: 'control-playback'; id: string; operation: PlaybackControl }
  | { type: 'control-playback-to-member'; id: string; operation: PlaybackControl }
  /** Music for the floor; null ends it. */
  | { type: 'floor-music'; musicClass: string | null }
  /** Connect the floor with the relay, for which it is to be so; null ends it. */
  | { type: 'floor-leg'; leg: FloorLeg | null }
  | { type: 'record'; recording: Recording }
  | { type: 'pause-recording'; name: string; paused: boolean }
  | { type: 'stop-recording'; name: string }
  | { type: 'save-conference'; saved: SavedConference | null };

/** For the controller itself. */
export type ControllerEffect =
  /** Send a `tick` at this time. The earliest request counts; a tick too many is harmless. */
  | { type: 'wake'; atMs: number }
  /** Tell everybody who wants to know. */
  /** `by`: who has ordered it, in words: an operator by the user's name, a member who has pressed a key by the number. */
  | { type: 'publish'; event: ConferenceEvent; by?: string }
  | { type: 'call-webhook'; url: string; body: object }
  | { type: 'cluster'; tell: ClusterTelling }
  /** A caller has dialled a PIN; a `pin-due` input follows once it may be judged. `members`: how many there are. */
  | { type: 'check-pin'; channelId: string; caller: Caller; members: number }
  /** What was due has been judged. */
  | { type: 'pin-judged'; channelId: string; right: boolean }
  | { type: 'invite'; target: string; invitedBy: number }
  /** Let the channel join another conference. */
  | {
      type: 'hand-over';
      channelId: string;
      conference: string;
      profileName: string;
      caller: Caller;
      flags: FlagChanges;
      path: Path;
      phoneHold: boolean;
      ownMute: boolean;
    };

/** Something that must be done in the world because of an input. */
export type Effect = ChannelEffect | ConferenceEffect | ControllerEffect;
