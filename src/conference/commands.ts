import type { FlagChanges } from './flags.ts';

/** What operators, callers' keys and programs may ask of a conference. */
export type Command =
  | { type: 'set-flags'; memberId: number; changes: FlagChanges }
  /** Removes a member against his will. */
  | { type: 'kick'; memberId: number }
  /** Ends a member's call at his own wish. */
  | { type: 'hang-up'; memberId: number };

/** Why a command was not carried out. */
export type Refusal = { code: 'no-such-member'; memberId: number };
