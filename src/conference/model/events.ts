import type { Scope } from './commands.ts';
import type { MemberFlags } from './flags.ts';
import type { Caller, Place, Result } from './member.ts';

/** Something that happened in a conference, for logs, reports and observers. */
export type ConferenceEvent =
  | { type: 'started'; profileName: string }
  | { type: 'joined'; memberId: number; caller: Caller; flags: MemberFlags }
  /** Found in Asterisk after a restart of the controller or a lost connection. */
  | { type: 'adopted'; memberId: number; caller: Caller; flags: MemberFlags }
  | { type: 'flags-changed'; memberId: number; flags: MemberFlags }
  | { type: 'moved'; memberId: number; place: Place['at'] }
  /** The level as of then; null where it is not measured. */
  | { type: 'talking'; memberId: number; talking: boolean; levelDbov: number | null }
  | { type: 'phone-hold'; memberId: number; held: boolean }
  | { type: 'hand'; memberId: number; raised: boolean }
  /** The member asks for help, or no longer does. */
  | { type: 'help'; memberId: number; asked: boolean }
  | { type: 'leaving'; memberId: number; result: Result }
  | { type: 'left'; memberId: number }
  | { type: 'transferred'; memberId: number; conference: string }
  /** Another call has taken the member's place: the caller is now this one. */
  | { type: 'replaced'; memberId: number; caller: Caller }
  | { type: 'turned-away'; memberId: number; caller: Caller; result: Result }
  /** The caller waits until the PIN is judged, for so long at least, because there were many wrong ones. */
  | { type: 'pin-guessing'; caller: Caller; delayMs: number }
  /** The caller had to dial a PIN, that of moderators if `admin`, and the profile has none. */
  | { type: 'pin-missing'; caller: Caller; admin: boolean }
  | { type: 'locked'; locked: boolean }
  | { type: 'muted-all'; audience: Scope | null }
  | { type: 'playback'; state: 'started' | 'paused' | 'resumed' | 'ended'; media: readonly string[] }
  | { type: 'recording'; state: 'started' | 'paused' | 'resumed' | 'stopped' | 'restarted' | 'failed'; name: string }
  | { type: 'settings-changed'; profileName: string }
  | { type: 'ending'; result: Result }
  | { type: 'ended' };
