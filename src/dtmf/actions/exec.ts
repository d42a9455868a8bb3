import { APPLICATION_NAME } from '../../conference/command-line/words.ts';
import type { Action } from '../action.ts';

/** Applications of Asterisk's dialplan; see `core show applications`. */
export const exec: Action = {
  name: 'exec',
  summary: 'Run a dialplan application on the call, then come back',
  argument: 'APPLICATION ARGUMENTS',
  problem: (argument) =>
    APPLICATION_NAME.test(argument.split(' ', 1)[0] ?? '') ? null : 'which dialplan application?',
  commands: ({ member, argument }) => {
    const [application = '', ...data] = argument.split(' ');
    return [{ type: 'execute', memberId: member.id, application, data: data.join(' ') }];
  },
};
