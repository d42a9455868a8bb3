import type { Server } from 'node:http';
import { type FastifyError, type FastifyHttpOptions, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import {
  type FastifyPluginAsyncZod,
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { AttendanceError, type AttendanceErrorCode } from '../attendance/errors.ts';
import { ConfigError } from '../config/errors.ts';
import { ControllerError, type ControllerErrorCode } from '../controller/errors/controller-error.ts';
import { InviteError, type InviteErrorCode } from '../invite/errors.ts';
import { conferenceRoutes, memberRoutes } from './conference-routes.ts';
import type { RouteDeps } from './deps.ts';
import { inviteRoutes } from './invite-routes.ts';
import { callRoute, nodeRoutes } from './node-routes.ts';
import { recordingRoutes } from './recording-routes.ts';
import { reportRoutes } from './report-routes.ts';

/** The HTTP status for a code. */
export const STATUS_OF: Record<ControllerErrorCode | InviteErrorCode | AttendanceErrorCode, number> = {
  'no-such-conference': 404,
  'no-such-member': 404,
  'no-such-recording': 404,
  'too-many-speakers': 409,
  'not-possible': 409,
  'bad-request': 400,
  'bad-target': 400,
  'no-invite-endpoint': 409,
  'too-many-invitations': 429,
  'no-such-invitation': 404,
  'attendance-disabled': 409,
  'no-such-report': 404,
  'attendance-unreadable': 500,
  'asterisk-refused': 502,
  'asterisk-unreachable': 503,
  starting: 503,
  'no-such-node': 404,
  'node-unreachable': 504,
  'no-room': 503,
};

/**
 * Given from the beginning: otherwise Fastify loads compilers of its own, a hundred files, at each start. Its types expect
 * those here.
 */
const COMPILERS: object = { buildValidator: () => validatorCompiler, buildSerializer: () => serializerCompiler };

/**
 * The admin API, version 1, as an application that does not listen yet. Commands answer once they are in force in
 * Asterisk. Every error it answers is `{code, message}`.
 */
export function createApp(deps: RouteDeps): FastifyInstance {
  const aboutConferences: FastifyPluginAsyncZod = async (app) => {
    app.addHook('onRequest', async () => deps.controller.requireReady());
    conferenceRoutes(app, deps);
    memberRoutes(app, deps);
    inviteRoutes(app, deps);
    reportRoutes(app, deps);
    recordingRoutes(app, deps);
  };
  const all: FastifyPluginAsyncZod = async (app) => {
    nodeRoutes(app, deps);
    callRoute(app, deps.cluster);
    app.register(aboutConferences);
  };
  const app = newApp({ bodyLimit: 64 * 1024 });
  app.register(all, { prefix: '/v1' });
  return app;
}

/** An application without routes, which checks what it is sent, and answers errors in our way. */
export function newApp(options: FastifyHttpOptions<Server>): FastifyInstance {
  const app = fastify({ ...options, logger: false, schemaController: { compilersFactory: COMPILERS } });
  app.setErrorHandler((error: Error, _request, reply) => answerError(error, reply));
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({ code: 'no-such-route', message: `there is no ${request.method} ${request.url}` }),
  );
  return app;
}

function answerError(error: Error, reply: FastifyReply): FastifyReply {
  if (error instanceof ControllerError || error instanceof InviteError || error instanceof AttendanceError) {
    return reply.status(STATUS_OF[error.code]).send({ code: error.code, message: error.message });
  }
  if (error instanceof ConfigError) {
    const { code, message, problems } = error;
    return reply.status(422).send({ code, message, problems });
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const message = error.validation.map(({ instancePath, message }) => explain(instancePath, message)).join('; ');
    return reply.status(400).send({ code: 'bad-request', message });
  }
  const { statusCode = 500, message } = error as FastifyError;
  return reply.status(statusCode).send({ code: statusCode < 500 ? 'bad-request' : 'internal', message });
}

/** @param path where in the body or in the address, as a JSON pointer */
function explain(path: string, message = 'wrong'): string {
  return path === '' ? message : `${path.slice(1).replaceAll('/', '.')}: ${message}`;
}
