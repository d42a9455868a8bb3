import { WEBHOOK_URL } from '../../conference/command-line/words.ts';
import type { Action } from '../action.ts';

export const webhook: Action = {
  name: 'webhook',
  summary: 'Tell a web server: POST with the conference and the member as JSON',
  argument: 'URL',
  problem: (argument) => (WEBHOOK_URL.test(argument) ? null : 'expected a URL with http or https'),
  commands: ({ member, argument }) => [{ type: 'call-webhook', memberId: member.id, url: argument }],
};
