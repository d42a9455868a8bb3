import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { flagChanges } from '../conference/flags.ts';
import { conferenceNamed, memberAt, type RouteDeps } from './deps.ts';
import { errors, flagsRequestSchema, memberPathSchema, memberSchema, memberStatusSchema } from './schemas.ts';
import { sendMemberCommand } from './send-command.ts';
import { viewMember } from './views.ts';

const MEMBER = '/conferences/:conference/members/:member';

/** One member, and the commonest commands to him in short. */
export function memberRoutes(deps: RouteDeps): FastifyPluginCallbackZod {
  const onMember = {
    params: memberPathSchema,
    response: { 200: memberSchema, ...errors },
  };

  return (app, _options, done) => {
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
