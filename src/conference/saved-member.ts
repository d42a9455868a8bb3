import { FLAGS, type Flag, type MemberFlags } from './flags.ts';

/**
 * What outlives the controller: kept on the member's channel in Asterisk as the variable `ROSTRUM_MEMBER`, as JSON.
 */
export type SavedMember = {
  readonly id: number;
  readonly joinedAtMs: number;
  readonly flags: MemberFlags;
  /** False while the channel is being brought in line with the flags: whoever adopts it then must do that again. */
  readonly settled: boolean;
};

type Stored = { id: number; joined: number; flags: Flag[]; settled: boolean };

export function serializeMember({ id, joinedAtMs, flags, settled }: SavedMember): string {
  const stored: Stored = { id, joined: joinedAtMs, flags: FLAGS.filter((flag) => flags[flag]), settled };
  return JSON.stringify(stored);
}

/** @returns the saved member, or null if the text is not one (a channel that was never a member has an empty variable) */
export function parseMember(text: string): SavedMember | null {
  let stored: Partial<Stored>;
  try {
    stored = JSON.parse(text);
  } catch {
    return null;
  }
  const { id, joined, flags, settled } = stored ?? {};
  if (!Number.isSafeInteger(id) || !Number.isFinite(joined) || !Array.isArray(flags)) return null;
  const has = (flag: Flag) => flags.includes(flag);
  return {
    id: id as number,
    joinedAtMs: joined as number,
    flags: { speaker: has('speaker'), admin: has('admin'), mute: has('mute'), deaf: has('deaf') },
    settled: settled === true,
  };
}
