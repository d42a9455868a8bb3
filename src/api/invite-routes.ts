import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Invitation } from '../invite/invitation.ts';
import { inviteBodySchema, inviteRequest } from '../invite/request.ts';
import { partsOf, type RouteDeps } from './deps.ts';
import { conferencePathSchema, errors } from './schemas.ts';

export const invitationSchema = z.object({
  id: z.string(),
  conference: z.string(),
  target: z.string(),
  status: z.enum(['waiting', 'calling', 'answered', 'failed']),
  reason: z.string().nullable().describe('Why it failed, or why it waits for the next try'),
  tries: z.number().int().describe('How often the phone was called so far'),
  mostTries: z.number().int(),
  createdAt: z.iso.datetime(),
});

export type InvitationView = z.output<typeof invitationSchema>;

/** Calling people into conferences. */
export function inviteRoutes(deps: RouteDeps): FastifyPluginCallbackZod {
  const { controller, inviter } = deps;
  return (app, _options, done) => {
    const path = '/conferences/:conference/invitations';
    const answers = { 200: z.array(invitationSchema), ...errors };

    app.get(path, { schema: { params: conferencePathSchema, response: answers } }, ({ params }) =>
      inviter.list(params.conference).map(viewInvitation),
    );

    app.post(
      path,
      {
        schema: {
          params: conferencePathSchema,
          body: inviteBodySchema.extend({
            profile: z.string().default('default').describe('The profile of a conference that is new'),
          }),
          response: answers,
        },
      },
      ({ params: { conference }, body: { profile, ...body } }) => {
        const profileName = partsOf(deps, conference)[0]?.conference.settings.profileName ?? profile;
        controller.requireProfile(conference, profileName);
        return inviter.invite(inviteRequest(body, { conference, profileName })).map(viewInvitation);
      },
    );

    app.delete(
      `${path}/:id`,
      {
        schema: {
          params: conferencePathSchema.extend({ id: z.string() }),
          response: { 200: invitationSchema, ...errors },
        },
      },
      ({ params }) => viewInvitation(inviter.cancel(params.conference, params.id)),
    );
    done();
  };
}

function viewInvitation({ id, conference, target, state, history, tries, createdAtMs }: Invitation): InvitationView {
  const waitingFor = state.status === 'waiting' ? (history.at(-1)?.reason ?? null) : null;
  return {
    id,
    conference,
    target,
    status: state.status,
    reason: state.status === 'failed' ? state.reason : waitingFor,
    tries: history.length + (state.status === 'calling' || state.status === 'answered' ? 1 : 0),
    mostTries: tries,
    createdAt: new Date(createdAtMs).toISOString(),
  };
}
