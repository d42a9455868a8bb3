import type { ConferenceEvent } from './events.ts';
import type { SavedMember } from './saved-member.ts';

/** What must be done in the world because of an input. Effects about one channel are carried out in order. */
export type Effect =
  /** Create the floor bridge; harmless if it exists. */
  | { type: 'open-floor' }
  | { type: 'close-floor' }
  | { type: 'answer'; channelId: string }
  /** Put the channel into the floor bridge, or, where it is there already, change whether it is heard. */
  | { type: 'enter-floor'; channelId: string; voice: boolean }
  | { type: 'set-hearing'; channelId: string; hearing: boolean }
  | { type: 'save-member'; channelId: string; member: SavedMember }
  | { type: 'hang-up'; channelId: string; reason: HangUpReason }
  /** Send a `tick` at this time. The earliest wish counts; a tick too many is harmless. */
  | { type: 'wake'; atMs: number }
  /** Tell whoever wants to know. */
  | { type: 'publish'; event: ConferenceEvent };

export type HangUpReason = 'own-wish' | 'kicked' | 'failure';
