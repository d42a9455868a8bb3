import { z } from 'zod';
import { flagChanges } from '../conference/model/flags.ts';
import { conferenceNamed, memberAt, partsOf, type RouteApp, type RouteDeps } from './deps.ts';
import { orderedBy } from './ordered-by.ts';
import {
  answers,
  commandRequestSchema,
  commandResponseSchema,
  conferencePathSchema,
  conferenceSchema,
  conferenceSummarySchema,
  flagsRequestSchema,
  memberListSchema,
  memberPathSchema,
  memberQuerySchema,
  memberSchema,
  memberStatusSchema,
} from './schemas.ts';
import { sendCommand, sendMemberCommand } from './send-command.ts';
import { summarize, viewConference, viewHands, viewMember, viewMembers } from './views.ts';

const CONFERENCE = '/conferences/:conference';
const MEMBER = `${CONFERENCE}/members/:member`;

/** Conferences, and commands to them and their members. */
export function conferenceRoutes(app: RouteApp, deps: RouteDeps): void {
  app.get('/conferences', { schema: { response: answers(z.array(conferenceSummarySchema)) } }, () =>
    namesOf(deps).map((name) => summarize(partsOf(deps, name))),
  );

  const ofConference = { params: conferencePathSchema };
  const withMembers = { ...ofConference, querystring: memberQuerySchema };

  const whole = { ...withMembers, response: answers(conferenceSchema) };
  app.get(CONFERENCE, { schema: whole }, ({ params, query }) =>
    viewConference(conferenceNamed(deps, params.conference), query),
  );

  const hands = { ...ofConference, response: answers(z.array(memberSchema)) };
  app.get(`${CONFERENCE}/hands`, { schema: hands }, ({ params }) =>
    viewHands(conferenceNamed(deps, params.conference)),
  );

  const command = { ...withMembers, body: commandRequestSchema, response: answers(commandResponseSchema) };
  app.post(`${CONFERENCE}/commands`, { schema: command }, ({ params, query, body, headers }) =>
    sendCommand(deps, params.conference, body.command, { by: orderedBy(headers), query }),
  );

  const list = { ...withMembers, response: answers(memberListSchema) };
  app.get(`${CONFERENCE}/members`, { schema: list }, ({ params, query }) =>
    viewMembers(conferenceNamed(deps, params.conference), query),
  );
}

/** One member, and the commonest commands to one in short. */
export function memberRoutes(app: RouteApp, deps: RouteDeps): void {
  const status = { params: memberPathSchema, response: answers(memberStatusSchema) };
  app.get(MEMBER, { schema: status }, async ({ params }) => {
    const { member, ...part } = memberAt(deps, conferenceNamed(deps, params.conference), params.member);
    // Another node's Asterisk is not asked.
    const media = part.node === deps.cluster.nodeId ? await deps.controller.readMedia(member) : null;
    return { ...viewMember(part, member), media };
  });

  const onMember = { params: memberPathSchema, response: answers(memberSchema) };
  app.post(`${MEMBER}/flags`, { schema: { ...onMember, body: flagsRequestSchema } }, ({ params, body, headers }) => {
    const changes = flagChanges(body.flags);
    const command = { type: 'set-flags', ...params.member, changes } as const;
    return sendMemberCommand(deps, params.conference, command, orderedBy(headers));
  });

  app.post(`${MEMBER}/kick`, { schema: onMember }, ({ params, headers }) =>
    sendMemberCommand(deps, params.conference, { type: 'kick', ...params.member }, orderedBy(headers)),
  );
}

/** Conferences of this node come first. */
function namesOf({ controller, cluster }: RouteDeps): string[] {
  const others = cluster.remoteConferences().map(({ conference }) => conference.name);
  return [...new Set([...controller.conferences.keys(), ...others])];
}
