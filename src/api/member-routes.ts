import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { flagChanges } from '../conference/model/flags.ts';
import { conferenceNamed, memberAt, type RouteDeps } from './deps.ts';
import {
  conferencePathSchema,
  errors,
  flagsRequestSchema,
  memberListSchema,
  memberPathSchema,
  memberQuerySchema,
  memberSchema,
  memberStatusSchema,
} from './schemas.ts';
import { sendMemberCommand } from './send-command.ts';
import { viewMember, viewMembers } from './views.ts';

const MEMBERS = '/conferences/:conference/members';
const MEMBER = `${MEMBERS}/:member`;

/** Lists of members, one member, and the commonest commands to one in short. */
export function memberRoutes(deps: RouteDeps): FastifyPluginCallbackZod {
  const onMember = {
    params: memberPathSchema,
    response: { 200: memberSchema, ...errors },
  };

  return (app, _options, done) => {
    const list = {
      params: conferencePathSchema,
      querystring: memberQuerySchema,
      response: { 200: memberListSchema, ...errors },
    };
    app.get(MEMBERS, { schema: list }, ({ params, query }) =>
      viewMembers(conferenceNamed(deps, params.conference), query),
    );

    const status = { params: memberPathSchema, response: { 200: memberStatusSchema, ...errors } };
    app.get(MEMBER, { schema: status }, async ({ params }) => {
      const { member, ...part } = memberAt(deps, conferenceNamed(deps, params.conference), params.member);
      // Another node's Asterisk is not asked.
      const media = part.node === deps.cluster.nodeId ? await deps.controller.readMedia(member) : null;
      return { ...viewMember(part, member), media };
    });

    app.post(`${MEMBER}/flags`, { schema: { ...onMember, body: flagsRequestSchema } }, ({ params, body }) =>
      sendMemberCommand(deps, params.conference, {
        type: 'set-flags',
        ...params.member,
        changes: flagChanges(body.flags),
      }),
    );

    app.post(`${MEMBER}/kick`, { schema: onMember }, ({ params }) =>
      sendMemberCommand(deps, params.conference, { type: 'kick', ...params.member }),
    );
    done();
  };
}
