import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { raisedHands } from '../conference/conference.ts';
import { conferenceNamed, type RouteDeps } from './deps.ts';
import {
  commandRequestSchema,
  commandResponseSchema,
  conferencePathSchema,
  conferenceSchema,
  conferenceSummarySchema,
  errors,
  memberSchema,
} from './schemas.ts';
import { sendCommand } from './send-command.ts';
import { type LevelOf, summarize, viewConference, viewMember } from './views.ts';

/** Conferences, and commands to them and their members. */
export function conferenceRoutes({ controller }: RouteDeps): FastifyPluginCallbackZod {
  const levelOf: LevelOf = (member) => controller.levelDbovOf(member);
  return (app, _options, done) => {
    app.get('/conferences', { schema: { response: { 200: z.array(conferenceSummarySchema), ...errors } } }, () =>
      [...controller.conferences.values()].map(summarize),
    );

    app.get(
      '/conferences/:conference',
      { schema: { params: conferencePathSchema, response: { 200: conferenceSchema, ...errors } } },
      ({ params }) => viewConference(conferenceNamed(controller, params.conference), levelOf),
    );

    app.get(
      '/conferences/:conference/hands',
      { schema: { params: conferencePathSchema, response: { 200: z.array(memberSchema), ...errors } } },
      ({ params }) => {
        const conference = conferenceNamed(controller, params.conference);
        return raisedHands(conference).map((member) => viewMember(conference, member, levelOf));
      },
    );

    app.post(
      '/conferences/:conference/commands',
      {
        schema: {
          params: conferencePathSchema,
          body: commandRequestSchema,
          response: { 200: commandResponseSchema, ...errors },
        },
      },
      ({ params, body }) => sendCommand(controller, params.conference, body.command),
    );
    done();
  };
}
