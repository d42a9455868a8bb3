import { CONFERENCE_NAME } from '../../conference/model/join-arguments.ts';
import type { Action } from '../action.ts';

export const transfer: Action = {
  name: 'transfer',
  summary: 'Move to another conference',
  argument: 'CONFERENCE',
  problem: (argument) => (CONFERENCE_NAME.test(argument) ? null : 'to which conference?'),
  commands: ({ member, argument }) => [
    { type: 'transfer', memberId: member.id, conference: argument, profileName: null },
  ],
};
