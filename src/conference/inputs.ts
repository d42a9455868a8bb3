import type { Command } from './commands.ts';
import type { FlagChanges } from './flags.ts';
import type { Caller } from './member.ts';
import type { SavedMember } from './saved-member.ts';

/** Everything that can happen to a conference. */
export type Input =
  /** A call arrived for this conference. */
  | { type: 'join'; channelId: string; caller: Caller; flags: FlagChanges }
  /** The channel is in the floor bridge. */
  | { type: 'entered'; channelId: string }
  /** Asterisk would not take a living channel into the floor bridge. */
  | { type: 'entry-failed'; channelId: string }
  /** The call has ended or left our application. */
  | { type: 'left'; channelId: string }
  | { type: 'dtmf'; channelId: string; key: string }
  | { type: 'command'; command: Command }
  /** What Asterisk has, read after connecting to it; replaces whatever was believed before. */
  | { type: 'resync'; floorOpen: boolean; channels: readonly ChannelSeen[] }
  /** Time has passed: see the `wake` effect. */
  | { type: 'tick' };

/** One channel of a conference as found in Asterisk. */
export type ChannelSeen = {
  channelId: string;
  caller: Caller;
  /** Flags of the dialplan, in force as long as nothing was saved. */
  flags: FlagChanges;
  inFloor: boolean;
  saved: SavedMember | null;
};
