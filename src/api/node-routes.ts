import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RouteDeps } from './deps.ts';
import { errors, nodePathSchema, nodeSchema, statusSchema } from './schemas.ts';
import { viewNode } from './views.ts';

/** The node itself: its state and its profiles; and the other nodes. */
export function nodeRoutes({ controller, cluster, status, reloadProfiles }: RouteDeps): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get('/status', { schema: { response: { 200: statusSchema, ...errors } } }, () => ({
      ...status(),
      conferences: controller.conferences.size,
      members: [...controller.conferences.values()].reduce((sum, { members }) => sum + members.size, 0),
    }));

    const answers = { 200: z.array(nodeSchema), ...errors };
    const nodes = () => cluster.nodes.map(viewNode);

    app.get('/nodes', { schema: { response: answers } }, nodes);

    app.post('/nodes/:node/flush', { schema: { params: nodePathSchema, response: answers } }, ({ params }) => {
      cluster.flush(params.node);
      return nodes();
    });

    const drainSchema = z.strictObject({ draining: z.boolean() });
    app.post('/drain', { schema: { body: drainSchema, response: answers } }, ({ body }) => {
      cluster.drain(body.draining);
      return nodes();
    });

    app.post('/profiles/reload', { schema: { response: { 200: z.unknown(), ...errors } } }, () => reloadProfiles());
    done();
  };
}
