import type { FastifyInstance } from 'fastify';
import { clearSocketPath, giveToGroup } from '../process/unix-socket.ts';
import { createApp } from './app.ts';
import type { RouteDeps } from './deps.ts';
import { ApiError } from './errors.ts';

/** The admin API on a unix socket, for this user, and for the group that alone may enter the directory of the socket. */
export class ApiServer {
  readonly #socketPath: string;
  readonly #app: FastifyInstance;

  constructor(options: { socketPath: string }, deps: RouteDeps) {
    this.#socketPath = options.socketPath;
    this.#app = createApp(deps);
  }

  /** @throws ApiError `socket-in-use` if another controller answers there, `socket-unusable` if it cannot be made */
  async start(): Promise<void> {
    const path = this.#socketPath;
    try {
      if (!(await clearSocketPath(path))) {
        throw new ApiError('socket-in-use', `another controller is running: ${path} answers`);
      }
      await this.#app.listen({ path });
      await giveToGroup(path);
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
