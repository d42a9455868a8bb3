import { INVITE_TARGET } from '../../conference/command-line/words.ts';
import type { Action } from '../action.ts';

export const invite: Action = {
  name: 'invite',
  summary: 'Call a phone into the conference',
  argument: 'NUMBER or endpoint',
  problem: (argument) => (INVITE_TARGET.test(argument) ? null : 'which number or endpoint?'),
  commands: ({ member, argument }) => [{ type: 'invite', memberId: member.id, target: argument }],
};
