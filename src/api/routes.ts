import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Command } from '../conference/commands.ts';
import { type Conference, findMember } from '../conference/conference.ts';
import { parseFlags } from '../conference/flags.ts';
import type { Member } from '../conference/member.ts';
import type { Controller } from '../controller/controller.ts';
import { ControllerError } from '../controller/errors.ts';
import {
  conferencePathSchema,
  conferenceSchema,
  conferenceSummarySchema,
  errorSchema,
  flagsRequestSchema,
  type MemberView,
  memberPathSchema,
  memberSchema,
  type StatusView,
  statusSchema,
} from './schemas.ts';
import { summarize, viewConference, viewMember } from './views.ts';

export type RouteDeps = { controller: Controller; status: () => Omit<StatusView, 'conferences' | 'members'> };

/** The admin API, version 1. Commands answer once they are in force in Asterisk. */
export function routes({ controller, status }: RouteDeps): FastifyPluginCallbackZod {
  const conferenceAt = (name: string): Conference => {
    const conference = controller.conferences.get(name);
    if (!conference) throw new ControllerError('no-such-conference', `no conference "${name}"`);
    return conference;
  };
  const memberAt = (name: string, id: number): Member => {
    const member = findMember(conferenceAt(name), id);
    if (!member) throw new ControllerError('no-such-member', `no member ${id} in conference ${name}`);
    return member;
  };
  /** @returns the member as the command has left it */
  const command = async (name: string, given: Command): Promise<MemberView> => {
    const before = memberAt(name, given.memberId);
    await controller.command(name, given);
    return viewMember(controller.conferences.get(name)?.members.get(before.channelId) ?? before);
  };
  const errors = { '4xx': errorSchema, '5xx': errorSchema };

  return (app, _options, done) => {
    app.get('/status', { schema: { response: { 200: statusSchema, ...errors } } }, () => ({
      ...status(),
      conferences: controller.conferences.size,
      members: [...controller.conferences.values()].reduce((sum, { members }) => sum + members.size, 0),
    }));

    app.get('/conferences', { schema: { response: { 200: z.array(conferenceSummarySchema), ...errors } } }, () =>
      [...controller.conferences.values()].map(summarize),
    );

    app.get(
      '/conferences/:conference',
      { schema: { params: conferencePathSchema, response: { 200: conferenceSchema, ...errors } } },
      ({ params }) => viewConference(conferenceAt(params.conference)),
    );

    const onMember = { params: memberPathSchema, response: { 200: memberSchema, ...errors } };
    const member = '/conferences/:conference/members/:member';

    app.get(member, { schema: onMember }, ({ params }) => viewMember(memberAt(params.conference, params.member)));

    app.post(`${member}/flags`, { schema: { ...onMember, body: flagsRequestSchema } }, ({ params, body }) => {
      const parsed = parseFlags(body.flags);
      const changes = parsed.ok ? parsed.changes : {};
      return command(params.conference, { type: 'set-flags', memberId: params.member, changes });
    });

    app.post(`${member}/kick`, { schema: onMember }, ({ params }) =>
      command(params.conference, { type: 'kick', memberId: params.member }),
    );
    done();
  };
}
