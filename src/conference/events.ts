import type { HangUpReason } from './effects.ts';
import type { MemberFlags } from './flags.ts';
import type { Caller } from './member.ts';

/** What happened in a conference, for logs and for those who watch. */
export type ConferenceEvent =
  | { type: 'started' }
  | { type: 'joined'; memberId: number; caller: Caller; flags: MemberFlags }
  /** Found in Asterisk after a restart of the controller or a lost connection. */
  | { type: 'adopted'; memberId: number; flags: MemberFlags }
  | { type: 'flags-changed'; memberId: number; flags: MemberFlags }
  | { type: 'hanging-up'; memberId: number; reason: HangUpReason }
  | { type: 'left'; memberId: number }
  | { type: 'ended' };
