import type { Collector } from '../dtmf/collector.ts';
import type { MemberFlags } from './flags.ts';

/** Who is calling, as the telephone network tells it; either may be empty. */
export type Caller = { readonly number: string; readonly name: string };

/** One phone call in a conference. */
export type Member = {
  /** Short number, unique within the conference for its whole life. */
  readonly id: number;
  readonly channelId: string;
  readonly caller: Caller;
  readonly joinedAtMs: number;
  readonly flags: MemberFlags;
  /** `joining` until the channel is in the floor bridge; `leaving` from when its hang-up is asked for until it is gone. */
  readonly presence: 'joining' | 'present' | 'leaving';
  readonly keys: Collector;
};

/** What a member's channel must do: be heard by the others, and hear them. */
export type Audio = { readonly voice: boolean; readonly hearing: boolean };

export function audioOf(flags: MemberFlags): Audio {
  return { voice: flags.speaker && !flags.mute, hearing: !flags.deaf };
}
