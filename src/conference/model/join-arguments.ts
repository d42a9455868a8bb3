import { type FlagChanges, parseFlags } from './flags.ts';

/**
 * The request of a dialplan with `Stasis(<application>,join,<conference>,<profile>[,±flag...])`, or with
 * `Stasis(<application>,lobby,<profile>[,±flag...])` where the caller is asked for the conference.
 */
export type JoinArguments = { profileName: string; flags: FlagChanges; conference: string | null };

export type ParsedJoin = { ok: true; join: JoinArguments } | { ok: false; message: string };

export const CONFERENCE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$/;

/** Profile names appear in dialplans and on command lines. */
export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** @param args the arguments of `Stasis()` after the application's name */
export function parseJoinArguments(args: readonly string[]): ParsedJoin {
  const [verb, ...rest] = args.map((arg) => arg.trim());
  if (verb !== 'join' && verb !== 'lobby') {
    return { ok: false, message: `"${args.join(',')}": expected join,<conference>,<profile>[,+flag|-flag...]` };
  }
  const conference = verb === 'join' ? (rest.shift() ?? '') : null;
  const [profileName = '', ...words] = rest;
  if (conference !== null && !CONFERENCE_NAME.test(conference)) {
    return { ok: false, message: `"${conference}" is not a conference name: use letters, digits, "_", ".", "+", "-"` };
  }
  if (profileName === '') {
    const into = conference === null ? 'the lobby' : `conference ${conference}`;
    return { ok: false, message: `no profile given for ${into}` };
  }
  const flags = parseFlags(words.filter((word) => word !== ''));
  return flags.ok ? { ok: true, join: { conference, profileName, flags: flags.changes } } : flags;
}
