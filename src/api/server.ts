import { chmod, mkdir, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { type FastifyInstance, fastify } from 'fastify';
import { hasZodFastifySchemaValidationErrors, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { ControllerError, type ControllerErrorCode } from '../controller/errors.ts';
import { ApiError } from './errors.ts';
import { type RouteDeps, routes } from './routes.ts';

const STATUS_OF: Record<ControllerErrorCode, number> = {
  'no-such-conference': 404,
  'no-such-member': 404,
  'asterisk-refused': 502,
  'asterisk-unreachable': 503,
};

/** The admin API on a unix socket, which only this user may open. */
export class ApiServer {
  readonly #socketPath: string;
  readonly #app: FastifyInstance;

  constructor(options: { socketPath: string }, deps: RouteDeps) {
    this.#socketPath = options.socketPath;
    this.#app = fastify({ logger: false, bodyLimit: 64 * 1024 });
    this.#app.setValidatorCompiler(validatorCompiler);
    this.#app.setSerializerCompiler(serializerCompiler);
    this.#app.setErrorHandler((error, _request, reply) => {
      if (error instanceof ControllerError) {
        return reply.status(STATUS_OF[error.code]).send({ code: error.code, message: error.message });
      }
      if (hasZodFastifySchemaValidationErrors(error)) {
        const message = error.validation.map((issue) => issue.message).join('; ');
        return reply.status(400).send({ code: 'bad-request', message });
      }
      const { statusCode = 500, message } = error as { statusCode?: number; message: string };
      return reply.status(statusCode).send({ code: statusCode < 500 ? 'bad-request' : 'internal', message });
    });
    this.#app.setNotFoundHandler((request, reply) =>
      reply.status(404).send({ code: 'no-such-route', message: `there is no ${request.method} ${request.url}` }),
    );
    this.#app.register(routes(deps), { prefix: '/v1' });
  }

  /** @throws ApiError `socket-in-use` if another controller answers there, `socket-unusable` if it cannot be made */
  async start(): Promise<void> {
    const path = this.#socketPath;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      if (await answers(path)) throw new ApiError('socket-in-use', `another controller is running: ${path} answers`);
      // Left by a controller that was killed.
      await unlink(path).catch(() => {});
      await this.#app.listen({ path });
      await chmod(path, 0o600);
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new ApiError('socket-unusable', `${path}: no socket can be made there (${(cause as Error).message})`, {
        cause,
      });
    }
  }

  async stop(): Promise<void> {
    await this.#app.close();
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
