import { parseAdjustment } from '../../conference/command-line/words.ts';
import type { Adjustable, Command } from '../../conference/model/commands.ts';
import type { DtmfAction } from '../../conference/model/conference.ts';
import type { Member } from '../../conference/model/member.ts';
import { parseMedia } from '../../prompts/media.ts';

/** The meaning of a key: see `DtmfAction`. */
type CommandsOf = DtmfAction['commandsOf'];

/** A mistake in an argument, as the end of a sentence. */
type Mistake = { readonly mistake: string };

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
  /** What a key with this argument does, where words can say more than the summary. */
  readonly words?: (argument: string) => string;
};

/** An action that is a word alone. */
export function plain(name: string, summary: string, commandsOf: CommandsOf): Action {
  return { name, summary, argument: null, parse: () => commandsOf };
}

/** An action with something after a colon. */
export function withArgument(
  name: string,
  summary: string,
  argument: string,
  parse: Action['parse'],
  words?: Action['words'],
): Action {
  return { name, summary, argument, parse, ...(words && { words }) };
}

/** An action with a text after a colon that must match a pattern. */
export function withText(
  name: string,
  summary: string,
  { argument, pattern, mistake }: { argument: string; pattern: RegExp; mistake: string },
  commandsOf: (text: string, member: Member) => Command[],
): Action {
  return withArgument(name, summary, argument, (text) =>
    pattern.test(text) ? (member) => commandsOf(text, member) : { mistake },
  );
}

/** Changes a sound setting: by so much, or with 0 back to the profile's value. */
export function level(
  name: string,
  setting: Adjustable,
  summary: string,
  words: Record<'more' | 'less' | 'usual', string>,
) {
  const parse: Action['parse'] = (text) => {
    const adjustment = parseAdjustment(text);
    if (!adjustment) return { mistake: 'expected +N, -N or 0' };
    return ({ id }) => [{ type: 'adjust', memberId: id, setting, adjustment }];
  };
  return withArgument(name, summary, '+N, -N, or 0 for the value of the profile', parse, (text) =>
    text.startsWith('+') ? words.more : text.startsWith('-') ? words.less : words.usual,
  );
}

/** The meaning of a key that plays something, unless that is no media. */
export function ofMedia(text: string, commandsOf: CommandsOf): CommandsOf | Mistake {
  const parsed = parseMedia(text, { allowAbsolute: true });
  return parsed.ok ? commandsOf : { mistake: parsed.message };
}
