import type { DtmfAction } from '../../conference/model/conference.ts';

/** The meaning of a key: see `DtmfAction`. */
export type CommandsOf = DtmfAction['commandsOf'];

/** Something that a caller can do with a key. */
export type Action = {
  /** The word in controls profiles. */
  readonly name: string;
  /** One line, for documentation, for the JSON Schema of profiles, and for the prompt that tells callers their keys. */
  readonly summary: string;
  /** The text after the name and a colon, for documentation; null where there is none. */
  readonly argument: string | null;
  /** Parses the text after the colon once, when the profile is read, to the meaning of the key or to a mistake. */
  readonly parse: (argument: string) => CommandsOf | Mistake;
};

/** A mistake in an argument, as the end of a sentence. */
export type Mistake = { readonly mistake: string };

/** An action that is a word alone. */
export function plain(name: string, summary: string, commandsOf: CommandsOf): Action {
  return { name, summary, argument: null, parse: () => commandsOf };
}

/** An action with something after a colon. */
export function withArgument(name: string, summary: string, argument: string, parse: Action['parse']): Action {
  return { name, summary, argument, parse };
}

/** An action with a text after a colon that must match a pattern. */
export function withText(
  name: string,
  summary: string,
  { argument, pattern, mistake }: { argument: string; pattern: RegExp; mistake: string },
  commandsOf: (text: string) => CommandsOf,
): Action {
  return withArgument(name, summary, argument, (text) => (pattern.test(text) ? commandsOf(text) : { mistake }));
}
