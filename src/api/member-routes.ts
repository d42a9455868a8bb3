import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { flagChanges } from '../conference/flags.ts';
import { conferenceNamed, memberNumbered, type RouteDeps } from './deps.ts';
import { errors, flagsRequestSchema, memberPathSchema, memberSchema, memberStatusSchema } from './schemas.ts';
import { sendMemberCommand } from './send-command.ts';
import { viewMember } from './views.ts';

const MEMBER = '/conferences/:conference/members/:member';

/** One member, and the commonest commands to him in short. */
export function memberRoutes({ controller }: RouteDeps): FastifyPluginCallbackZod {
  const onMember = {
    params: memberPathSchema,
    response: { 200: memberSchema, ...errors },
  };

  return (app, _options, done) => {
    const status = { params: memberPathSchema, response: { 200: memberStatusSchema, ...errors } };
    app.get(MEMBER, { schema: status }, async ({ params }) => {
      const conference = conferenceNamed(controller, params.conference);
      const member = memberNumbered(conference, params.member);
      const media = await controller.readMedia(member);
      return { ...viewMember(conference, member, (of) => controller.levelDbovOf(of)), media };
    });

    app.post(`${MEMBER}/flags`, { schema: { ...onMember, body: flagsRequestSchema } }, ({ params, body }) =>
      sendMemberCommand(controller, params.conference, {
        type: 'set-flags',
        memberId: params.member,
        changes: flagChanges(body.flags),
      }),
    );

    app.post(`${MEMBER}/kick`, { schema: onMember }, ({ params }) =>
      sendMemberCommand(controller, params.conference, { type: 'kick', memberId: params.member }),
    );
    done();
  };
}
