import { z } from 'zod';
import { ConfigError } from '../config/errors.ts';
import type { Cluster } from '../controller/cluster/cluster.ts';
import { ControllerError } from '../controller/errors/controller-error.ts';
import type { RouteApp, RouteDeps } from './deps.ts';
import {
  answers,
  configErrorSchema,
  nodePathSchema,
  nodeSchema,
  routeQuerySchema,
  routeSchema,
  statusSchema,
} from './schemas.ts';
import { countsOf, viewNode } from './views.ts';

/** The node itself: its state and its profiles; and the other nodes. */
export function nodeRoutes(app: RouteApp, { controller, cluster, status, reloadProfiles, upgrade }: RouteDeps): void {
  app.get('/status', { schema: { response: answers(statusSchema) } }, () => {
    const { members, atDoor } = countsOf([...controller.conferences.values()]);
    return { ...status(), conferences: controller.conferences.size, members, atDoor };
  });

  const response = answers(z.array(nodeSchema));
  const nodes = () => cluster.nodes.map(viewNode);

  app.get('/nodes', { schema: { response } }, nodes);

  app.post('/nodes/:node/flush', { schema: { params: nodePathSchema, response } }, ({ params }) => {
    cluster.flush(params.node);
    return nodes();
  });

  const body = z.strictObject({ draining: z.boolean() });
  app.post('/drain', { schema: { body, response } }, ({ body }) => {
    cluster.drain(body.draining);
    return nodes();
  });

  const reload = async () => {
    const result = await reloadProfiles();
    if (!result.ok) throw ConfigError.of(result.problems);
    return result;
  };
  const reloaded = { ...answers(z.unknown()), 422: configErrorSchema };
  app.post('/profiles/reload', { schema: { response: reloaded } }, reload);

  const upgraded = { ...answers(z.object({ ok: z.literal(true) })), 422: configErrorSchema };
  app.post('/upgrade', { schema: { response: upgraded } }, async () => {
    // With a mistake in them, the controller that is to come would not start.
    await reload();
    await upgrade();
    return { ok: true as const };
  });
}

/** `GET /route?conference=3000`: which node takes the next caller of a conference. Changes nothing. */
export function callRoute(app: RouteApp, cluster: Pick<Cluster, 'routeOf'>): void {
  const schema = { querystring: routeQuerySchema, response: answers(routeSchema) };
  app.get('/route', { schema }, ({ query: { conference } }) => {
    const route = cluster.routeOf(conference);
    if (route.node === null) throw new ControllerError('no-room', 'no node takes more calls');
    return { conference, ...route };
  });
}
