import { printable } from '../../base/printable.ts';
import { type Expected, expectedAfter, expectedValue } from './words.ts';

/** A word that may stand where the cursor is. */
export type Candidate = { readonly word: string; readonly description: string };

/** A command as far as completion cares. */
export type CommandNode = {
  readonly name: string;
  readonly description: string;
  /** Names of its arguments. */
  readonly args: readonly string[];
  readonly options: readonly CommandOption[];
  readonly commands: readonly CommandNode[];
};

type CommandOption = {
  readonly names: readonly string[];
  readonly takesValue: boolean;
  /** The values that it takes, where they are known. */
  readonly choices?: readonly string[] | undefined;
  readonly description: string;
};

/** Asks the controller for names; there are none where it does not answer. */
export type Known = {
  readonly conferences: () => Promise<readonly Candidate[]>;
  readonly members: (conference: string) => Promise<readonly Candidate[]>;
  /** Those of which there are reports. */
  readonly held: () => Promise<readonly Candidate[]>;
  /** The files of recordings. */
  readonly recordings: () => Promise<readonly Candidate[]>;
  /** The conferences of the table. */
  readonly listed: () => Promise<readonly Candidate[]>;
  /** The settings that one of them may have. */
  readonly settings: () => Promise<readonly Candidate[]>;
};

/**
 * The words that the last word may become.
 * @param words what follows the program's name; the last one may be empty
 */
export async function candidates(words: readonly string[], root: CommandNode, known: Known): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const { command, path, given, pending } = walk(words.slice(0, -1), root);
  if (pending !== null) return matching(typed, await resolve(valuesFor(pending, given), known));
  const expected =
    given.length === 0 && command.commands.length > 0
      ? command.commands.map(({ name, description }) => ({ word: name, description }))
      : await resolve(expectedAfter(path, given, command.args), known);
  const options = typed.startsWith('-')
    ? command.options.flatMap(({ names, description }) => names.map((word) => ({ word, description })))
    : [];
  return matching(typed, [...expected, ...options]);
}

/** A line for the shell's script. Callers choose their names, so nothing of them ends a line or a column. */
export function formatCandidate({ word, description }: Candidate): string {
  return `${word}\t${printable(description)}\n`;
}

type Position = {
  readonly command: CommandNode;
  /** Its name, with those of the commands above it: `profile show`. */
  readonly path: string;
  /** Its words so far, options left out. */
  readonly given: readonly string[];
  /** An option whose value comes next. */
  readonly pending: CommandOption | null;
};

function walk(words: readonly string[], root: CommandNode): Position {
  let command = root;
  const path: string[] = [];
  let pending: CommandOption | null = null;
  const given: string[] = [];
  for (const word of words) {
    if (pending !== null) {
      pending = null;
      continue;
    }
    const option = command.options.find(({ names }) => names.includes(word));
    const next = given.length === 0 ? command.commands.find(({ name }) => name === word) : undefined;
    if (option) pending = option.takesValue ? option : null;
    else if (next) {
      command = next;
      path.push(next.name);
    } else given.push(word);
  }
  return { command, path: path.join(' '), given, pending };
}

function valuesFor({ choices, names }: CommandOption, given: readonly string[]): Expected {
  return choices ? { words: choices } : expectedValue(names, given);
}

async function resolve(
  { words, conferences, held, recordings, listed, settings, membersOf }: Expected,
  known: Known,
): Promise<Candidate[]> {
  return [
    ...(conferences ? await known.conferences() : []),
    ...(held ? await known.held() : []),
    ...(recordings ? await known.recordings() : []),
    ...(listed ? await known.listed() : []),
    ...(settings ? await known.settings() : []),
    ...(membersOf === undefined ? [] : await known.members(membersOf)),
    ...(words ?? []).map((word) => ({ word, description: '' })),
  ];
}

function matching(typed: string, all: readonly Candidate[]): Candidate[] {
  return all.filter(({ word }) => word.startsWith(typed));
}
