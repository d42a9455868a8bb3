import { userInfo } from 'node:os';
import { printable } from '../base/printable.ts';

/** The header by which a command says which user has given it: a claim, since anybody who may use the socket may write any. */
const USER_HEADER = 'rostrum-user';
const LONGEST_NAME = 64;

/** The header that names the user of this process: who has called sudo, if that was used. */
export function userHeader(env: NodeJS.ProcessEnv): Record<string, string> {
  return { [USER_HEADER]: encodeURIComponent(env['SUDO_USER'] || userName()) };
}

/** Who has given a command, in words, for log and attendance: `operator anna`; a program may leave the header out. */
export function orderedBy(headers: Readonly<Record<string, unknown>>): string {
  const value = headers[USER_HEADER];
  if (typeof value !== 'string' || value === '') return 'a program';
  return `operator ${printable(decoded(value).slice(0, LONGEST_NAME))}`;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** A user may have a number only, as in a container. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
