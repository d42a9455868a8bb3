import { type FlagChanges, parseFlags } from './flags.ts';

/** What a dialplan asks for with `Stasis(<application>,join,<conference>,<profile>[,±flag...])`. */
export type JoinArguments = { conference: string; profileName: string; flags: FlagChanges };

export type ParsedJoin = { ok: true; join: JoinArguments } | { ok: false; message: string };

const CONFERENCE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$/;

/** @param args the arguments of `Stasis()` after the application's name */
export function parseJoinArguments(args: readonly string[]): ParsedJoin {
  const [verb, conference = '', profileName = '', ...words] = args.map((arg) => arg.trim());
  if (verb !== 'join') {
    return { ok: false, message: `"${args.join(',')}": expected join,<conference>,<profile>[,+flag|-flag...]` };
  }
  if (!CONFERENCE_NAME.test(conference)) {
    return { ok: false, message: `"${conference}" is not a conference name: use letters, digits, "_", ".", "+", "-"` };
  }
  if (profileName === '') return { ok: false, message: `no profile given for conference ${conference}` };
  const flags = parseFlags(words.filter((word) => word !== ''));
  if (!flags.ok) return { ok: false, message: flags.message };
  return { ok: true, join: { conference, profileName, flags: flags.changes } };
}
