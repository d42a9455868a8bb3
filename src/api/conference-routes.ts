import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { conferenceNamed, partsOf, type RouteDeps } from './deps.ts';
import {
  commandRequestSchema,
  commandResponseSchema,
  conferencePathSchema,
  conferenceSchema,
  conferenceSummarySchema,
  errors,
  memberQuerySchema,
  memberSchema,
} from './schemas.ts';
import { sendCommand } from './send-command.ts';
import { summarize, viewConference, viewHands } from './views.ts';

/** Conferences, and commands to them and their members. */
export function conferenceRoutes(deps: RouteDeps): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get('/conferences', { schema: { response: { 200: z.array(conferenceSummarySchema), ...errors } } }, () =>
      namesOf(deps).map((name) => summarize(partsOf(deps, name))),
    );

    app.get(
      '/conferences/:conference',
      {
        schema: {
          params: conferencePathSchema,
          querystring: memberQuerySchema,
          response: { 200: conferenceSchema, ...errors },
        },
      },
      ({ params, query }) => viewConference(conferenceNamed(deps, params.conference), query),
    );

    app.get(
      '/conferences/:conference/hands',
      { schema: { params: conferencePathSchema, response: { 200: z.array(memberSchema), ...errors } } },
      ({ params }) => viewHands(conferenceNamed(deps, params.conference)),
    );

    app.post(
      '/conferences/:conference/commands',
      {
        schema: {
          params: conferencePathSchema,
          querystring: memberQuerySchema,
          body: commandRequestSchema,
          response: { 200: commandResponseSchema, ...errors },
        },
      },
      ({ params, query, body }) => sendCommand(deps, params.conference, body.command, query),
    );
    done();
  };
}

/** Conferences of this node come first. */
function namesOf({ controller, cluster }: RouteDeps): string[] {
  const others = cluster.remoteConferences().map(({ conference }) => conference.name);
  return [...new Set([...controller.conferences.keys(), ...others])];
}
