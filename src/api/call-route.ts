import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { Cluster } from '../controller/cluster/cluster.ts';
import { ControllerError } from '../controller/errors/controller-error.ts';
import { errors, routeQuerySchema, routeSchema } from './schemas.ts';

/** `GET /route?conference=3000`: which node takes the next caller of a conference. Changes nothing. */
export function callRoute(cluster: Pick<Cluster, 'routeOf'>): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    const schema = { querystring: routeQuerySchema, response: { 200: routeSchema, ...errors } };
    app.get('/route', { schema }, ({ query: { conference } }) => {
      const route = cluster.routeOf(conference);
      if (route.node === null) throw new ControllerError('no-room', 'no node takes more calls');
      return { conference, ...route };
    });
    done();
  };
}
