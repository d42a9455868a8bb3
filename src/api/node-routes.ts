import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ConfigError } from '../config/errors.ts';
import type { RouteDeps } from './deps.ts';
import { configErrorSchema, errors, nodePathSchema, nodeSchema, statusSchema } from './schemas.ts';
import { viewNode } from './views.ts';

/** The node itself: its state and its profiles; and the other nodes. */
export function nodeRoutes({
  controller,
  cluster,
  status,
  reloadProfiles,
  upgrade,
}: RouteDeps): FastifyPluginCallbackZod {
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

    const reload = async () => {
      const result = await reloadProfiles();
      if (!result.ok) throw ConfigError.of(result.problems);
      return result;
    };
    const reloadAnswers = { 200: z.unknown(), 422: configErrorSchema, ...errors };
    app.post('/profiles/reload', { schema: { response: reloadAnswers } }, reload);

    const upgradeAnswers = { 200: z.object({ ok: z.literal(true) }), 422: configErrorSchema, ...errors };
    app.post('/upgrade', { schema: { response: upgradeAnswers } }, async () => {
      // With a mistake in them, the controller that is to come would not start.
      await reload();
      await upgrade();
      return { ok: true as const };
    });
    done();
  };
}
