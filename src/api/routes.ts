import type { FastifyPluginCallback } from 'fastify';
import { callRoute } from './call-route.ts';
import { conferenceRoutes } from './conference-routes.ts';
import type { RouteDeps } from './deps.ts';
import { inviteRoutes } from './invite-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { nodeRoutes } from './node-routes.ts';
import { reportRoutes } from './report-routes.ts';

/** The admin API, version 1. Commands answer once they are in force in Asterisk. */
export function routes(deps: RouteDeps): FastifyPluginCallback {
  return (app, _options, done) => {
    app.register(nodeRoutes(deps));
    app.register(callRoute(deps.cluster));
    app.register(routesAboutConferences(deps));
    done();
  };
}

function routesAboutConferences(deps: RouteDeps): FastifyPluginCallback {
  return (app, _options, done) => {
    app.addHook('onRequest', async () => deps.controller.requireReady());
    app.register(conferenceRoutes(deps));
    app.register(memberRoutes(deps));
    app.register(inviteRoutes(deps));
    app.register(reportRoutes(deps));
    done();
  };
}
