import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RouteDeps } from './deps.ts';
import { errors, statusSchema } from './schemas.ts';

/** The node itself: its state and its profiles. */
export function nodeRoutes({ controller, status, reloadProfiles }: RouteDeps): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get('/status', { schema: { response: { 200: statusSchema, ...errors } } }, () => ({
      ...status(),
      conferences: controller.conferences.size,
      members: [...controller.conferences.values()].reduce((sum, { members }) => sum + members.size, 0),
    }));

    app.post('/profiles/reload', { schema: { response: { 200: z.unknown(), ...errors } } }, () => reloadProfiles());
    done();
  };
}
