import { type ParsedCommandWords, parseCommandWords, splitWords } from '../../conference/command-line/parse-command.ts';
import type { Action } from '../action.ts';

/** Any command of `rostrum`, without the conference: `api:member me hand raise`, `api:playback "tts:good morning"`. */
export const api: Action = {
  name: 'api',
  summary: 'Run a command, as on the command line but about this conference; "me" is the member who pressed the key',
  argument: 'COMMAND ARGUMENTS',
  problem: (argument) => {
    const parsed = parse(argument, 1);
    return parsed.ok ? null : parsed.message;
  },
  commands: ({ member, argument }) => {
    const parsed = parse(argument, member.id);
    return parsed.ok ? [parsed.command] : [];
  },
};

function parse(argument: string, memberId: number): ParsedCommandWords {
  const words = splitWords(argument);
  return words ? parseCommandWords(words, { memberId }) : { ok: false, message: 'a quote is not closed' };
}
