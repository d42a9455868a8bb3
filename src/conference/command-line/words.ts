import { CodedError } from '../../base/coded-error.ts';
import type { Adjustment } from '../model/commands.ts';
import { type FlagChanges, parseFlags } from '../model/flags.ts';
import { type MemberAddress, parseMemberAddress } from '../model/member-address.ts';

/** The words of commands: shared by both parsers, the API and shell completion. */

/** The member that `me` stands for; null where there is none, as on the command line. */
export type WordsContext = { readonly memberId: number | null };

/** The members that a command to many is about, as words. */
export const TARGETS = ['all', 'non-admins', 'last'] as const;

/** How many sounds one command plays. */
export const MOST_MEDIA = 16;

/** The file name of a recording, without its format, below the directory where Asterisk keeps recordings. */
export const RECORDING_NAME = /^(?=.{1,128}$)[A-Za-z0-9_][A-Za-z0-9_+-]*(?:[./][A-Za-z0-9_][A-Za-z0-9_+-]*)*$/;

/** The name of an application of Asterisk's dialplan. */
export const APPLICATION_NAME = /^[A-Za-z][A-Za-z0-9_]{0,79}$/;

/**
 * The arguments of such an application: no control characters, not endless, and without variables and functions. Asterisk
 * evaluates those before it runs the application (TryExec), and its function SHELL runs programs.
 */
export const APPLICATION_DATA = /^(?!.*\$[{[])\P{Cc}{0,1000}$/u;
export const APPLICATION_DATA_RULE = 'at most 1000 characters, none a control character, and no "$" before a bracket';

/** Keys for a phone. Asterisk does nothing else about the call while it sends them, which takes 0.2 s for each. */
export const SENT_DIGITS = /^[0-9A-D*#]{1,20}$/;
export const SENT_DIGITS_RULE = 'up to 20 keys are 0 to 9, *, # and A to D';

/** The target of an invitation: a number, or an endpoint of Asterisk. */
export const INVITE_TARGET = /^[A-Za-z0-9+*#@.:;/_-]{1,128}$/;

export const WEBHOOK_URL = /^https?:\/\/[^\s\p{Cc}]{3,500}$/u;

/** Words that are no command; the message is one line for their author. */
export class CommandWordsError extends CodedError<'bad-command-words'> {
  constructor(message: string) {
    super('bad-command-words', message);
  }
}

/** @throws CommandWordsError */
export function fail(message: string): never {
  throw new CommandWordsError(message);
}

/** @throws CommandWordsError if there are words left */
export function nothingMore<T>(what: string, words: readonly string[], result: T): T {
  return words.length === 0 ? result : fail(`${JSON.stringify(words.join(' '))}: ${what} takes no more words`);
}

/** @throws CommandWordsError unless the word is one of the choices */
export function oneOf<T extends string>(what: string, word: string | undefined, choices: readonly T[]): T {
  const list = choices.join(', ');
  if (word === undefined) return fail(`${what}: which? One of ${list}`);
  return choices.find((choice) => choice === word) ?? fail(`${what}: ${JSON.stringify(word)} is none of ${list}`);
}

/** @throws CommandWordsError unless the word is a member of this node or another, or `me` where that is somebody */
export function memberAddressOf(word: string | undefined, { memberId }: WordsContext): MemberAddress {
  if (word === undefined) return fail('which member? Give the number that "show" lists');
  if (word === 'me' && memberId !== null) return { memberId };
  return parseMemberAddress(word) ?? fail(`${JSON.stringify(word)} is not a member number`);
}

/** `+N`, `-N`, or `0` for the value of the profile; null for any other word. */
export function parseAdjustment(word: string): Adjustment | null {
  if (!/^([+-]\d{1,4}|0)$/.test(word)) return null;
  const by = Number(word);
  return by === 0 ? 'profile' : { by };
}

/** @throws CommandWordsError unless the words are flags, and at least one */
export function changesOf(words: readonly string[], example: string): FlagChanges {
  if (words.length === 0) fail(`flags: which? For example: ${example}`);
  const parsed = parseFlags(words);
  return parsed.ok ? parsed.changes : fail(parsed.message);
}
