import type { Command } from './commands.ts';
import type { Settings } from './conference.ts';
import type { FlagChanges } from './flags.ts';
import type { Caller, Extension, Path } from './member.ts';
import type { Broadcast, RemoteView, SharedChange } from './remote.ts';
import type { SavedConference } from './saved-conference.ts';
import type { SavedMember } from './saved-member.ts';

/** Everything that can happen to a conference. */
export type Input =
  /** A call arrived for this conference. */
  | {
      type: 'join';
      channelId: string;
      caller: Caller;
      flags: FlagChanges;
      origin: JoinOrigin;
      path: Path;
      /** The phone has put the call on hold before. */
      phoneHold?: boolean;
      /** As `Member` has it, of one who was a member of another conference. */
      ownMute?: boolean;
    }
  /** The channel is in the floor bridge. */
  | { type: 'entered'; channelId: string }
  /** Asterisk would not take a living channel into the floor bridge. */
  | { type: 'entry-failed'; channelId: string }
  /** A prompt that had a `nextStep` is over, whether it was heard to its end or not. */
  | { type: 'heard'; channelId: string; nextStep: NextStep }
  /** A caller has said a name, or nothing. */
  | { type: 'named'; channelId: string; recorded: boolean }
  /** The announcement that the conference ends is over. */
  | { type: 'end-announced' }
  /** The call has left our application; unless it has ended, someone who is away in the dialplan comes back. */
  | { type: 'left'; channelId: string; destroyed: boolean }
  /** Another call takes the place of this one, so that its caller is the member from now on: an attended transfer. */
  | { type: 'replaced'; channelId: string; by: { channelId: string; caller: Caller; path: Path; phoneHold: boolean } }
  /** The phone has asked to be sent to another extension of the dialplan (REFER). */
  | { type: 'referred'; channelId: string; to: Extension }
  /** A member who was away in the dialplan is back in our application. */
  | { type: 'returned'; channelId: string }
  | { type: 'dtmf'; channelId: string; digit: string }
  | { type: 'talking'; channelId: string; talking: boolean; levelDbov: number | null }
  /** The relay has noticed that a muted speaker talks. */
  | { type: 'talks-muted'; channelId: string }
  /** A PIN is judged only later, for there were many wrong ones. */
  | { type: 'pin-held'; channelId: string; delayMs: number }
  /** The PIN that was dialled is to be judged. */
  | { type: 'pin-due'; channelId: string }
  /** The phone has put the call on hold, or has taken it back. */
  | { type: 'phone-hold'; channelId: string; held: boolean }
  /** How the member can hear the conference as a listener has changed. */
  | { type: 'path'; channelId: string; path: Path }
  | { type: 'playback-ended'; id: string }
  /** It was heard to its end, or stopped, or could not be played. */
  | { type: 'playback-to-member-ended'; channelId: string; id: string }
  /** The recording has stopped, for whatever reason; `isTaken`: there is a file of its name already. */
  | { type: 'recording-ended'; name: string; failed: boolean; isTaken?: true }
  /** `by`: who has given it, in words. `noForward`: another node has found that it is to be done here. */
  | { type: 'command'; command: Command; by?: string | undefined; noForward?: true }
  /** The parts of the conference on other nodes have changed. */
  | { type: 'remote'; remote: RemoteView }
  /** Another node has reported a setting; `anew` if it was changed, and not only repeated. */
  | { type: 'shared'; change: SharedChange; anew: boolean }
  /** Another node was told to do this with all members. */
  | { type: 'broadcast'; broadcast: Broadcast; by?: string | undefined }
  | { type: 'settings'; settings: Settings }
  /** It is known anew when the opening times of the conference end it; infinity where they do not. */
  | { type: 'closing'; atMs: number }
  /** The state of Asterisk, read after connecting to it; replaces whatever was believed before. */
  | {
      type: 'resync';
      floorOpen: boolean;
      channels: readonly ChannelSeen[];
      /** Channels of members whose places other calls are about to take: these members stay, whatever Asterisk has. */
      disowned: readonly string[];
      saved: SavedConference | null;
      /** Names of the recordings under way. */
      recordings: readonly string[];
      /** Ids of the playbacks under way. */
      playbacks: readonly string[];
    }
  /** Time has passed: see the `wake` effect. */
  | { type: 'tick' };

/** How a call came: from the dialplan, by dialling the conference's number, or from another conference. */
export type JoinOrigin = 'dialplan' | 'lobby' | 'transferred';

/** The step that follows a prompt. */
export type NextStep = 'dial-pin' | 'enter' | 'say-name' | 'release';

/** One channel of a conference as found in Asterisk. */
export type ChannelSeen = {
  channelId: string;
  caller: Caller;
  /** Flags of the dialplan, in force as long as nothing was saved. */
  flags: FlagChanges;
  /** In the floor bridge, or in one of the audience while the relay has the call, or neither. */
  bridge: 'floor' | 'audience' | 'other';
  path: Path;
  /** In our application, and not away in the dialplan. */
  here: boolean;
  saved: SavedMember | null;
};
