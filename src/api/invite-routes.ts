import { z } from 'zod';
import { isoTime } from '../base/iso-time.ts';
import type { Invitation } from '../invite/invitation.ts';
import { inviteBodySchema, inviteRequest } from '../invite/request.ts';
import { partsOf, type RouteApp, type RouteDeps } from './deps.ts';
import { answers, conferencePathSchema } from './schemas.ts';

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

const inviteRequestSchema = inviteBodySchema.extend({
  profile: z.string().default('default').describe('The profile of a conference that is new'),
});

/** Calling people into conferences. */
export function inviteRoutes(app: RouteApp, deps: RouteDeps): void {
  const { controller, inviter } = deps;
  const path = '/conferences/:conference/invitations';
  const params = conferencePathSchema;
  const response = answers(z.array(invitationSchema));

  app.get(path, { schema: { params, response } }, ({ params }) => inviter.list(params.conference).map(viewInvitation));

  app.post(path, { schema: { params, body: inviteRequestSchema, response } }, ({ params, body }) => {
    const { conference } = params;
    const { profile, ...request } = body;
    const profileName = partsOf(deps, conference)[0]?.conference.settings.profileName ?? profile;
    controller.requireJoinable(conference, profileName);
    return inviter.invite(inviteRequest(request, { conference, profileName })).map(viewInvitation);
  });

  const ofOne = { params: params.extend({ id: z.string() }), response: answers(invitationSchema) };
  app.delete(`${path}/:id`, { schema: ofOne }, ({ params }) =>
    viewInvitation(inviter.cancel(params.conference, params.id)),
  );
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
    createdAt: isoTime(createdAtMs),
  };
}
