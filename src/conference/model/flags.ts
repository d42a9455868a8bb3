/** The rights and settings of a member. Each flag can be given when joining and changed at any time. */
export type MemberFlags = {
  /** On the floor rather than in the audience. */
  readonly speaker: boolean;
  /** Authenticated as moderator; independent of the role. */
  readonly admin: boolean;
  /** Not heard, even as a speaker. */
  readonly mute: boolean;
  /** Hears nothing. */
  readonly deaf: boolean;
  /** Others are told when the member talks. */
  readonly vad: boolean;
  /** The loudness of the voice is brought to that of the profile. */
  readonly agc: boolean;
  /** Hears the comfort noise of the conference. */
  readonly cng: boolean;
  /** Comes and goes without a word: neither the others nor the member hear of it. */
  readonly quiet: boolean;
  /** Admitted without a PIN. Where it is denied, and not only left out, a caller needs one. */
  readonly auth: boolean;
  /** Does not count as a member, and the others are not told who comes and goes. */
  readonly ghost: boolean;
  /** The conference ends after the last such member has left. */
  readonly mandatory: boolean;
};

export type Flag = keyof MemberFlags;

/** The flags of a caller when neither dialplan nor profile say anything. */
export const PLAIN_FLAGS: MemberFlags = {
  speaker: false,
  admin: false,
  mute: false,
  deaf: false,
  vad: true,
  agc: true,
  cng: true,
  quiet: false,
  auth: false,
  ghost: false,
  mandatory: false,
};

export const FLAGS = Object.keys(PLAIN_FLAGS) as readonly Flag[];

/** Changes to some of the flags, e.g. from `+speaker,-mute`. */
export type FlagChanges = Partial<MemberFlags>;

export type ParsedFlags = { ok: true; changes: FlagChanges } | { ok: false; message: string };

/**
 * Parses flag words such as `+speaker` or `-mute`. A later word wins over an earlier one about the same flag.
 * @returns the changes, or a message that names the first word that is not a flag
 */
export function parseFlags(words: readonly string[]): ParsedFlags {
  const changes: Partial<Record<Flag, boolean>> = {};
  for (const word of words) {
    const flag = FLAGS.find((name) => name === word.slice(1));
    if (!flag || !/^[+-]/.test(word)) {
      return { ok: false, message: `unknown flag "${word}": use + or - before one of ${FLAGS.join(', ')}` };
    }
    changes[flag] = word.startsWith('+');
  }
  return { ok: true, changes };
}

/** Words that are known to be flags, e.g. from a checked profile. */
export function flagChanges(words: readonly string[]): FlagChanges {
  const parsed = parseFlags(words);
  return parsed.ok ? parsed.changes : {};
}

/** The flags that are set, as words: `+speaker +mute`. */
export function formatFlags(flags: MemberFlags): string {
  return FLAGS.filter((flag) => flags[flag])
    .map((flag) => `+${flag}`)
    .join(' ');
}
